/*
 * cron.c
 *		Times that repeat by the calendar.
 *
 * The hard part is local time that jumps.  Between two jumps it is UTC plus
 * an offset, so the search goes from one such stretch to the next.  A jump
 * forwards leaves out local times: one of them that is due makes the jump
 * itself due.  A jump backwards repeats local times: the search remembers how
 * far local time has been and starts there.
 */
#include "base/cron.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MINUTE INT64_C(60)
#define DAY (INT64_C(24) * 60 * MINUTE)

/* No expression leaves out more than eight years: 29 February, 1896 to 1904. */
#define HORIZON (9 * 366 * DAY)

#define ALL(low, high) ((UINT64_MAX >> (63 - (high))) & (UINT64_MAX << (low)))
#define ALL_HOURS ALL(0, 23)

/* ---- parsing ---- */

typedef struct Field
{
	const char *name;
	int			low;
	int			high;
	const char *names;			/* three letters each, from "low" on, or NULL */
} Field;

static const Field fields[] = {
	{"minute", 0, 59, NULL},
	{"hour", 0, 23, NULL},
	{"day of the month", 1, 31, NULL},
	{"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
	{"day of the week", 0, 7, "sunmontuewedthufrisat"}
};

static const char *const shorthands[][2] = {
	{"@hourly", "0 * * * *"},
	{"@daily", "0 0 * * *"},
	{"@midnight", "0 0 * * *"},
	{"@weekly", "0 0 * * 0"},
	{"@monthly", "0 0 1 * *"},
	{"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"}
};

static CvmStatus
bad_field(CvmError *error, const Field *field, const char *text, int length)
{
	cvm_fail(error, CVM_BAD_OPTION, "\"%.*s\" is no %s of a cron expression",
			 length, text, field->name);
	cvm_hint(error, "It goes from %d to %d%s; lists (1,5), ranges (1-5) and steps (*/5) are allowed.",
			 field->low, field->high, field->names ? ", or by its first three letters" : "");
	return CVM_BAD_OPTION;
}

/* A number or a name at *at; -1 when there is none, or it is out of range. */
static int
read_value(const Field *field, const char **at)
{
	const char *start = *at;
	int			value = 0;

	if (isdigit((unsigned char) *start))
	{
		while (isdigit((unsigned char) **at) && *at - start < 4)
			value = value * 10 + *(*at)++ - '0';
		return value >= field->low && value <= field->high ? value : -1;
	}
	for (const char *name = field->names; name != NULL && *name != '\0'; name += 3)
		if (strncasecmp(start, name, 3) == 0)
		{
			*at += 3;
			return field->low + (int) (name - field->names) / 3;
		}
	return -1;
}

/* One part of a list, up to "end". */
static bool
read_part(const Field *field, const char *at, const char *end, uint64_t *mask)
{
	int			low = field->low;
	int			high = field->high;
	int			step = 1;
	bool		single = false;

	if (*at == '*')
		at++;
	else
	{
		low = high = read_value(field, &at);
		if (low < 0)
			return false;
		single = *at != '-';
		if (!single)
		{
			at++;
			high = read_value(field, &at);
			if (high < low)
				return false;
		}
	}
	if (*at == '/' && !single)
	{
		char	   *rest;

		step = isdigit((unsigned char) at[1]) ? (int) strtol(at + 1, &rest, 10) : 0;
		if (step <= 0 || step > field->high)
			return false;
		at = rest;
	}
	if (at != end)
		return false;
	for (int value = low; value <= high; value += step)
		*mask |= UINT64_C(1) << value;
	return true;
}

static CvmStatus
read_field(const Field *field, const char *text, int length, uint64_t *mask, CvmError *error)
{
	const char *end = text + length;

	*mask = 0;
	for (const char *at = text; at <= end;)
	{
		const char *comma = memchr(at, ',', end - at);
		const char *part_end = comma ? comma : end;

		if (!read_part(field, at, part_end, mask))
			return bad_field(error, field, text, length);
		at = part_end + 1;
	}
	return CVM_OK;
}

/* "03:30" as an expression; false when it is something else. */
static bool
time_of_day(const char *text, char *expression)
{
	const char *at = text;
	int			hour = read_value(&fields[1], &at);
	int			minute;

	if (hour < 0 || *at != ':' || at == text)
		return false;
	at++;
	if (!isdigit((unsigned char) at[0]) || !isdigit((unsigned char) at[1]))
		return false;
	minute = read_value(&fields[0], &at);
	if (minute < 0 || *at != '\0')
		return false;
	expression[0] = '0' + minute / 10;
	expression[1] = '0' + minute % 10;
	expression[2] = ' ';
	expression[3] = '0' + hour / 10;
	expression[4] = '0' + hour % 10;
	strcpy(expression + 5, " * * *");
	return true;
}

static CvmStatus
read_expression(const char *text, CvmCron *cron, CvmError *error)
{
	uint64_t	masks[5];
	bool		starred[5];
	const char *at = text;

	for (int i = 0; i < 5; i++)
	{
		int			length;
		CvmStatus	status;

		at += strspn(at, " \t");
		length = (int) strcspn(at, " \t");
		if (length == 0)
			break;
		starred[i] = at[0] == '*';
		if (i == 2 && length == 1 && (at[0] == 'L' || at[0] == 'l'))
		{
			cron->last_day = true;
			masks[i] = 0;
		}
		else if ((status = read_field(&fields[i], at, length, &masks[i], error)) != CVM_OK)
			return status;
		at += length;
		if (i == 4 && at[strspn(at, " \t")] == '\0')
		{
			cron->minutes = masks[0];
			cron->hours = (uint32_t) masks[1];
			cron->days = (uint32_t) masks[2];
			cron->months = (uint32_t) masks[3];
			cron->weekdays = (uint32_t) ((masks[4] | masks[4] >> 7) & ALL(0, 6));
			cron->either_day = !starred[2] && !starred[4];
			return CVM_OK;
		}
	}
	cvm_fail(error, CVM_BAD_OPTION, "\"%.200s\" is no cron expression", text);
	cvm_hint(error, "It has five fields: minute, hour, day of the month, month, day of the week, as in \"30 3 * * mon-fri\"; \"03:30\" and \"@daily\" are allowed too.");
	return CVM_BAD_OPTION;
}

/* ---- the calendar ---- */

/* Floor division, for times before 1970. */
static int64_t
days_of(int64_t seconds)
{
	return seconds / DAY - (seconds % DAY < 0);
}

/*
 * Month and day of the month of a day counted from 1970-01-01: years begin in
 * March, so that the odd day comes last; eras of 400 years repeat exactly.
 */
static void
date_of(int64_t day, int *month, int *day_of_month, bool *last_day)
{
	static const int lengths[] = {31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 29};
	int64_t		from_march = day + 719468;	/* 0000-03-01 is day 0 */
	int64_t		in_era = ((from_march % 146097) + 146097) % 146097;
	int			year_of_era = (int) ((in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365);
	int			in_year = (int) (in_era - (365 * (int64_t) year_of_era + year_of_era / 4 - year_of_era / 100));
	int			next_year = year_of_era + 1;	/* whose February it is */
	bool		leap = next_year % 4 == 0 && (next_year % 100 != 0 || next_year % 400 == 0);
	int			index = 0;

	while (in_year >= lengths[index])
		in_year -= lengths[index++];
	*month = index < 10 ? index + 3 : index - 9;
	*day_of_month = in_year + 1;
	*last_day = in_year + 1 == lengths[index] - (index == 11 && !leap);
}

static bool
day_matches(const CvmCron *cron, int64_t day)
{
	int			weekday = (int) (((day + 4) % 7 + 7) % 7);	/* 1970-01-01: Thursday */
	int			month;
	int			day_of_month;
	bool		last;
	bool		by_date;
	bool		by_weekday = (cron->weekdays >> weekday) & 1;

	date_of(day, &month, &day_of_month, &last);
	if (!((cron->months >> month) & 1))
		return false;
	by_date = ((cron->days >> day_of_month) & 1) || (cron->last_day && last);
	return cron->either_day ? by_date || by_weekday : by_date && by_weekday;
}

/* The first matching local time from "from" on and before "end"; INT64_MAX: none. */
static int64_t
first_local(const CvmCron *cron, int64_t from, int64_t end)
{
	from += (MINUTE - ((from % MINUTE) + MINUTE) % MINUTE) % MINUTE;
	for (int64_t day = days_of(from); day * DAY < end; day++)
	{
		int			start = day * DAY < from ? (int) ((from - day * DAY) / MINUTE) : 0;

		if (!day_matches(cron, day))
			continue;
		for (int minute = start; minute < 24 * 60; minute++)
			if (((cron->hours >> (minute / 60)) & 1) && ((cron->minutes >> (minute % 60)) & 1))
			{
				int64_t		local = day * DAY + minute * MINUTE;

				return local < end ? local : INT64_MAX;
			}
	}
	return INT64_MAX;
}

/* ---- what others call ---- */

CvmStatus
cvm_cron_parse(const char *text, CvmCron *cron, CvmError *error)
{
	char		expression[16];
	CvmStatus	status;

	memset(cron, 0, sizeof(*cron));
	text += strspn(text, " \t");
	if (time_of_day(text, expression))
		text = expression;
	else if (strchr(text, ':') != NULL)	/* which no field has */
	{
		cvm_fail(error, CVM_BAD_OPTION, "\"%.200s\" is no time of day", text);
		cvm_hint(error, "It goes from 00:00 to 23:59, as in \"03:30\"; on certain days only: \"30 3 * * mon-fri\".");
		return CVM_BAD_OPTION;
	}
	for (size_t i = 0; i < sizeof(shorthands) / sizeof(shorthands[0]); i++)
		if (strcasecmp(text, shorthands[i][0]) == 0)
			text = shorthands[i][1];
	status = read_expression(text, cron, error);
	if (status == CVM_OK && first_local(cron, 0, HORIZON) == INT64_MAX)
	{
		cvm_fail(error, CVM_BAD_OPTION, "cron expression \"%.200s\" never comes", text);
		cvm_hint(error, "Its months do not have such a day.");
		return CVM_BAD_OPTION;
	}
	return status;
}

int64_t
cvm_cron_next(const CvmCron *cron, const CvmZone *zone, int64_t after)
{
	bool		steady = cron->hours == ALL_HOURS;
	int64_t		start = after - 2 * DAY;	/* before any jump that matters now */
	int64_t		been = INT64_MIN;	/* local time has been up to here */

	while (start < after + HORIZON)
	{
		int64_t		until;
		int64_t		offset = zone->offset(zone->state, start, &until);
		int64_t		end = until < after + HORIZON ? until : after + HORIZON;
		int64_t		next_offset;
		int64_t		ignored;
		int64_t		from = start > after ? start + offset : after + 1 + offset;
		int64_t		local;

		if (!steady && from < been)
			from = been;
		local = first_local(cron, from, end + offset);
		if (local != INT64_MAX)
			return local - offset;
		if (end != until)
			break;
		next_offset = zone->offset(zone->state, until, &ignored);
		if (!steady && until > after &&
			first_local(cron, until + offset, until + next_offset) != INT64_MAX)
			return until;
		if (until + offset > been)
			been = until + offset;
		start = until;
	}
	return INT64_MAX;			/* only where a zone never has the local time */
}
