/*
 * column.c
 *		Which types are usable, and numbers and times of their values.
 *
 * numeric is the usual type of amounts, and the server converts it to float8
 * through decimal text, at some 200 ns a value.  Up to 15 digits, which nearly
 * every amount has, the stored digits make an integer that a double holds
 * exactly, and one division or multiplication by an exact power of ten rounds
 * it just as the text would be (Clinger, 1990).  The stored form is that of
 * the disk, which does not change between versions; whatever does not look
 * like it takes the long way.
 */
#include "postgres.h"

#include "frame/column.h"

#include <locale.h>

#include "catalog/pg_type.h"
#include "pg/compat.h"
#include "utils/builtins.h"
#include "utils/cash.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#define DAYS_PER_MEAN_MONTH 30.4375

/* ---- types ---- */

typedef struct UsableType
{
	Oid			type;
	CvmColumnSource source;
	CvmInputKind kind;
} UsableType;

static const UsableType usable_types[] = {
	{FLOAT8OID, CVM_FROM_FLOAT8, CVM_INPUT_NUMBER},
	{FLOAT4OID, CVM_FROM_FLOAT4, CVM_INPUT_NUMBER},
	{INT8OID, CVM_FROM_INT8, CVM_INPUT_NUMBER},
	{INT4OID, CVM_FROM_INT4, CVM_INPUT_NUMBER},
	{INT2OID, CVM_FROM_INT2, CVM_INPUT_NUMBER},
	{NUMERICOID, CVM_FROM_NUMERIC, CVM_INPUT_NUMBER},
	{MONEYOID, CVM_FROM_MONEY, CVM_INPUT_NUMBER},
	{BOOLOID, CVM_FROM_BOOL, CVM_INPUT_BOOLEAN},
	{INTERVALOID, CVM_FROM_INTERVAL, CVM_INPUT_INTERVAL},
	{DATEOID, CVM_FROM_DATE, CVM_INPUT_TIME},
	{TIMESTAMPOID, CVM_FROM_TIMESTAMP, CVM_INPUT_TIME},
	{TIMESTAMPTZOID, CVM_FROM_TIMESTAMP, CVM_INPUT_TIME},
	{TEXTOID, CVM_FROM_TEXT, CVM_INPUT_CATEGORY},
	{VARCHAROID, CVM_FROM_TEXT, CVM_INPUT_CATEGORY},
	{BPCHAROID, CVM_FROM_BPCHAR, CVM_INPUT_CATEGORY},
	{NAMEOID, CVM_FROM_NAME, CVM_INPUT_CATEGORY},
	{CHAROID, CVM_FROM_CHAR, CVM_INPUT_CATEGORY},
	{FLOAT8ARRAYOID, CVM_FROM_FLOAT8_ARRAY, CVM_INPUT_ARRAY},
	{FLOAT4ARRAYOID, CVM_FROM_FLOAT4_ARRAY, CVM_INPUT_ARRAY},
};

/* What can be an identifier and nothing else. */
static const UsableType uuid_type = {UUIDOID, CVM_FROM_UUID, CVM_INPUT_IDENTIFIER};

static const UsableType enum_type = {InvalidOid, CVM_FROM_ENUM, CVM_INPUT_CATEGORY};

static const UsableType *
find_type(Oid type)
{
	Oid			base = getBaseType(type);

	for (int i = 0; i < lengthof(usable_types); i++)
		if (usable_types[i].type == base)
			return &usable_types[i];
	return type_is_enum(base) ? &enum_type : NULL;
}

bool
cvm_column_kind(Oid type, CvmInputKind *kind, bool *integral)
{
	const UsableType *usable = find_type(type);

	if (usable == NULL)
		return false;
	*kind = usable->kind;
	*integral = usable->source == CVM_FROM_INT8 || usable->source == CVM_FROM_INT4 ||
		usable->source == CVM_FROM_INT2;
	return true;
}

/* How a type is read as an identifier; NULL: it cannot be. */
static const UsableType *
find_identifier(Oid type)
{
	const UsableType *usable = find_type(type);

	if (usable == NULL)
		return getBaseType(type) == UUIDOID ? &uuid_type : NULL;
	switch (usable->source)
	{
		case CVM_FROM_INT8:
		case CVM_FROM_INT4:
		case CVM_FROM_INT2:
		case CVM_FROM_NUMERIC:
			return usable;
		default:
			return usable->kind == CVM_INPUT_CATEGORY ? usable : NULL;
	}
}

bool
cvm_column_identifies(Oid type)
{
	return find_identifier(type) != NULL;
}

bool
cvm_column_is_lasting(Oid type)
{
	const UsableType *usable = getBaseType(type) == UUIDOID ? &uuid_type : find_type(type);

	return usable != NULL && usable->source != CVM_FROM_MONEY &&
		usable->source != CVM_FROM_ENUM;
}

static bool
can_be_category(const UsableType *usable)
{
	switch (usable->source)
	{
		case CVM_FROM_INT8:
		case CVM_FROM_INT4:
		case CVM_FROM_INT2:
		case CVM_FROM_BOOL:
			return true;
		default:
			return usable->kind == CVM_INPUT_CATEGORY;
	}
}

bool
cvm_column_can_be_category(Oid type)
{
	const UsableType *usable = find_type(type);

	return usable != NULL && can_be_category(usable);
}

static bool
is_numeric_kind(CvmInputKind kind)
{
	return kind == CVM_INPUT_NUMBER || kind == CVM_INPUT_BOOLEAN;
}

static const char *
kind_in_words(CvmInputKind kind)
{
	switch (kind)
	{
		case CVM_INPUT_NUMBER:
			return "a number";
		case CVM_INPUT_BOOLEAN:
			return "true or false";
		case CVM_INPUT_CATEGORY:
			return "a category (text or enum)";
		case CVM_INPUT_TIME:
			return "a date or timestamp";
		case CVM_INPUT_INTERVAL:
			return "an interval";
		case CVM_INPUT_ARRAY:
			return "an array of double precision";
		case CVM_INPUT_IDENTIFIER:
			return "an identifier (text, enum, an integer, numeric or uuid)";
	}
	return "";
}

CvmColumnReader *
cvm_column_reader_create(const char *name, Oid type, CvmInputKind kind, int elements)
{
	const UsableType *usable = kind == CVM_INPUT_IDENTIFIER ? find_identifier(type) :
		find_type(type);
	CvmColumnReader *reader;

	if (usable == NULL ||
		(kind != CVM_INPUT_IDENTIFIER && usable->kind != kind &&
		 !(is_numeric_kind(usable->kind) && is_numeric_kind(kind)) &&
		 !(kind == CVM_INPUT_CATEGORY && can_be_category(usable))))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" has type %s where %s is needed",
						name, format_type_be(type), kind_in_words(kind)),
				 errhint("Cast the column to a suitable type.")));

	reader = palloc0(sizeof(CvmColumnReader));
	reader->source = usable->source;
	reader->as_boolean = kind == CVM_INPUT_BOOLEAN && usable->kind == CVM_INPUT_NUMBER;
	reader->name = pstrdup(name);
	reader->elements = elements;
	reader->context = CurrentMemoryContext;
	if (usable->source == CVM_FROM_MONEY)
	{
		int			digits = PGLC_localeconv()->frac_digits;

		/* the money type itself assumes 2 where the locale does not say */
		reader->money_unit = pow(10, digits < 0 || digits > 10 ? 2 : digits);
	}
	return reader;
}

/* ---- numbers ---- */

/* The header of a stored numeric. */
#define NUMERIC_KIND(header) ((header) & 0xC000)
#define NUMERIC_IS_LONG_POSITIVE 0x0000
#define NUMERIC_IS_LONG_NEGATIVE 0x4000
#define NUMERIC_IS_SHORT 0x8000

/* Three digits of base 10000 always fit into 2^53; four may. */
#define MOST_DIGITS 4
#define LARGEST_EXACT (INT64CONST(1) << 53)

/*
 * Sets *number to the value of a stored numeric of few digits; false for
 * others.
 */
static bool
convert_short_numeric(const char *bytes, Size size, double *number)
{
	static const double powers[] = {1e0, 1e4, 1e8, 1e12, 1e16, 1e20};
	uint16		header;
	int16		digit;
	bool		negative;
	int			weight;
	Size		head = sizeof(uint16);
	int			count;
	int64		integer = 0;
	int			power;

	if (size < sizeof(uint16))
		return false;
	memcpy(&header, bytes, sizeof(uint16));
	if (NUMERIC_KIND(header) == NUMERIC_IS_SHORT)
	{
		negative = (header & 0x2000) != 0;
		weight = (header & 0x003F) - ((header & 0x0040) ? 0x0040 : 0);
	}
	else if (NUMERIC_KIND(header) == NUMERIC_IS_LONG_POSITIVE ||
			 NUMERIC_KIND(header) == NUMERIC_IS_LONG_NEGATIVE)
	{
		int16		stored;

		head += sizeof(int16);
		if (size < head)
			return false;
		memcpy(&stored, bytes + sizeof(uint16), sizeof(int16));
		negative = NUMERIC_KIND(header) == NUMERIC_IS_LONG_NEGATIVE;
		weight = stored;
	}
	else
		return false;			/* NaN and infinity */

	count = (size - head) / sizeof(int16);
	if (count > MOST_DIGITS)
		return false;
	for (int i = 0; i < count; i++)
	{
		memcpy(&digit, bytes + head + i * sizeof(int16), sizeof(int16));
		integer = integer * 10000 + digit;
	}
	power = count == 0 ? 0 : weight - count + 1;
	if (integer > LARGEST_EXACT || abs(power) >= lengthof(powers))
		return false;
	*number = power >= 0 ? integer * powers[power] : integer / powers[-power];
	if (negative)
		*number = -*number;
	return true;
}

static double
convert_numeric(Datum value)
{
	struct varlena *stored = PG_DETOAST_DATUM_PACKED(value);
	double		number;

	if (!convert_short_numeric(VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored), &number))
		number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
	if ((Pointer) stored != DatumGetPointer(value))
		pfree(stored);
	return number;
}

static double
convert_interval(const Interval *interval)
{
	int			infinity = cvm_interval_infinity(interval);

	if (infinity != 0)
		return infinity * INFINITY;
	return interval->month * DAYS_PER_MEAN_MONTH + interval->day +
		(double) interval->time / USECS_PER_DAY;
}

static double
convert_date(DateADT date)
{
	if (DATE_NOT_FINITE(date))
		return DATE_IS_NOBEGIN(date) ? -INFINITY : INFINITY;
	return date;
}

static double
convert_timestamp(Timestamp time)
{
	if (TIMESTAMP_NOT_FINITE(time))
		return TIMESTAMP_IS_NOBEGIN(time) ? -INFINITY : INFINITY;
	return (double) time / USECS_PER_DAY;
}

double
cvm_column_convert(const CvmColumnReader *reader, Datum value)
{
	switch (reader->source)
	{
		case CVM_FROM_NUMERIC:
			return convert_numeric(value);
		case CVM_FROM_MONEY:
			return (double) DatumGetCash(value) / reader->money_unit;
		case CVM_FROM_INTERVAL:
			return convert_interval(DatumGetIntervalP(value));
		case CVM_FROM_DATE:
			return convert_date(DatumGetDateADT(value));
		case CVM_FROM_TIMESTAMP:
			return convert_timestamp(DatumGetTimestamp(value));
		default:
			elog(ERROR, "column \"%s\" is not a number", reader->name);
	}
	return NAN;					/* keep the compiler quiet */
}

/* ---- times ---- */

/* Whole days, rounded down. */
static int
day_of_timestamp(Timestamp time)
{
	int64		day = time / USECS_PER_DAY;

	return (int) (time % USECS_PER_DAY < 0 ? day - 1 : day);
}

double
cvm_column_time(CvmColumnReader *reader, Datum value, bool isnull,
				int *month, int *weekday)
{
	double		days = cvm_column_number(reader, value, isnull);
	int			day;
	int			year;
	int			day_of_month;

	*month = 0;
	*weekday = 0;
	if (!isfinite(days))
		return days;
	day = reader->source == CVM_FROM_DATE ? DatumGetDateADT(value) :
		day_of_timestamp(DatumGetTimestamp(value));
	j2date(day + POSTGRES_EPOCH_JDATE, &year, month, &day_of_month);

	/* 2000-01-01 was a Saturday */
	*weekday = ((day % 7) + 7 + 5) % 7 + 1;
	return days;
}
