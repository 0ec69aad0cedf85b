/*
 * test_encode_learn.c
 *		Which terms and levels an encoder gets.
 */
#include "check.h"

#include "encode_fixture.h"

/* ---- levels ---- */

/* A table of one category column, from "text count text count ..". */
typedef struct Share
{
	const char *text;
	int			rows;
	double		weight;			/* of each row */
} Share;

/* Learns the only column, its rows in an order that depends on the seed. */
static const CvmTerm *
learn_category(const Share *shares, int count, const CvmEncoderOptions *options,
			   uint64_t seed, CvmEncoder **encoder)
{
	static const CvmColumn column = {.name = "city",.kind = CVM_INPUT_CATEGORY};
	int			rows = 0;
	int32_t    *order;
	CvmRandom	random;
	Table		table;

	for (int i = 0; i < count; i++)
		rows += shares[i].rows;
	order = CVM_NEW(int32_t, rows);
	rows = 0;
	for (int i = 0; i < count; i++)
		for (int k = 0; k < shares[i].rows; k++)
			order[rows++] = i;
	cvm_random_seed(&random, seed);
	cvm_random_shuffle(&random, order, rows);
	table_init(&table, &column, 1);
	for (int row = 0; row < rows; row++)
		table_add(&table, NULL, &shares[order[row]].text, shares[order[row]].weight);
	cvm_release(order);
	*encoder = table_learn(&table, options, NULL);
	return *encoder == NULL ? NULL : &(*encoder)->terms[0];
}

static void
check_levels(const CvmTerm *term, int count, const char *const *names, const double *shares)
{
	CHECK(term != NULL && term->level_count == count);
	if (term == NULL || term->level_count != count)
		return;
	for (int i = 0; i < count; i++)
	{
		CHECK(strcmp(term->levels[i], names[i]) == 0);
		CHECK_CLOSE(term->level_shares[i], shares[i], 1e-12);
	}
}

/* Many rows first, ties by bytes, whatever the order of the rows. */
static void
test_level_order(void)
{
	static const Share shares[] = {
		{"b", 20, 1}, {"Z\303\274rich", 30, 2}, {"", 20, 1}, {"a", 20, 1}, {"(other)", 10, 1}
	};
	static const char *const names[] = {"Z\303\274rich", "", "a", "b", "(other)"};
	static const double expected[] = {60 / 130.0, 20 / 130.0, 20 / 130.0, 20 / 130.0, 10 / 130.0};

	for (int seed = 0; seed < 4; seed++)
	{
		CvmEncoder *encoder;
		const CvmTerm *term = learn_category(shares, 5, &plain_options, seed, &encoder);

		check_levels(term, 5, names, expected);
		CHECK(term->other_level == -1 && term->missing_level == -1);
		CHECK(term->missing_share == 0);
		CHECK(encoder->slots == 4 && encoder->dense_columns == 0 && encoder->coded_columns == 1);
	}
}

static void
test_rare_levels(void)
{
	static const Share shares[] = {
		{"d", 5, 1}, {NULL, 10, 1}, {"a", 50, 1}, {"(missing)", 15, 1}, {"c", 9, 1}, {"b", 11, 1}
	};
	static const char *const by_count[] = {"a", "(missing)", "b", "(other)", "(missing)"};
	static const double count_shares[] = {.5, .15, .11, .14, .1};
	static const char *const by_number[] = {"a", "(missing)", "(other)", "(missing)"};
	static const double number_shares[] = {.5, .15, .25, .1};
	CvmEncoderOptions options = {.max_categories = 1000,.min_category_count = 10};
	CvmEncoder *encoder;
	const CvmTerm *term = learn_category(shares, 6, &options, 1, &encoder);
	CvmLevelLookup *lookup;

	check_levels(term, 5, by_count, count_shares);
	CHECK(term->other_level == 3 && term->missing_level == 4);
	CHECK_CLOSE(term->missing_share, .1, 1e-12);
	lookup = cvm_level_lookup_create(term);
	CHECK(cvm_level_find(lookup, "a", 1) == 0);
	CHECK(cvm_level_find(lookup, "aa", 1) == 0);
	CHECK(cvm_level_find(lookup, "b", 1) == 2);
	CHECK(cvm_level_find(lookup, "c", 1) == 3);
	CHECK(cvm_level_find(lookup, "never", 5) == 3);
	CHECK(cvm_level_find(lookup, "", 0) == 3);
	/* a text that is called like a level of ours */
	CHECK(cvm_level_find(lookup, "(missing)", 9) == 1);
	CHECK(cvm_level_find(lookup, "(other)", 7) == 3);
	CHECK(cvm_level_missing(term) == 4);
	cvm_level_lookup_release(lookup);

	options.max_categories = 2;
	options.min_category_count = 1;
	term = learn_category(shares, 6, &options, 1, &encoder);
	check_levels(term, 4, by_number, number_shares);
}

/* Without levels of their own the unseen and the missing are the reference. */
static void
test_unseen_levels(void)
{
	static const Share shares[] = {{"a", 5, 1}, {"b", 6, 1}};
	CvmEncoder *encoder;
	const CvmTerm *term = learn_category(shares, 2, &plain_options, 1, &encoder);
	CvmLevelLookup *lookup = cvm_level_lookup_create(term);

	CHECK(cvm_level_find(lookup, "c", 1) == 0);
	CHECK(cvm_level_find(lookup, "a", 1) == 1);
	CHECK(cvm_level_missing(term) == 0);
}

static void
test_left_out_categories(void)
{
	static const Share constant[] = {{"a", 60, 1}};
	static const Share missing[] = {{NULL, 60, 1}};
	static const Share here_and_there[] = {{"a", 40, 1}, {NULL, 20, 1}};
	static const Share rare[] = {{"a", 3, 1}, {"b", 2, 1}, {"c", 4, 1}};
	static const char *const presence[] = {"a", "(missing)"};
	static const double shares[] = {2 / 3.0, 1 / 3.0};
	CvmEncoderOptions options = {.max_categories = 10,.min_category_count = 5};
	CvmEncoder *encoder;
	const CvmTerm *term;

	CHECK(learn_category(constant, 1, &options, 1, &encoder) == NULL);
	CHECK(strcmp(left_out, "city:constant;") == 0);
	CHECK(learn_category(missing, 1, &options, 1, &encoder) == NULL);
	CHECK(strcmp(left_out, "city:missing;") == 0);
	CHECK(learn_category(rare, 3, &options, 1, &encoder) == NULL);
	CHECK(strcmp(left_out, "city:rare;") == 0);
	term = learn_category(here_and_there, 2, &options, 1, &encoder);
	CHECK(left_out[0] == '\0');
	check_levels(term, 2, presence, shares);
}

/* Names of customers are left out; a small table of them is not. */
static void
test_identifiers(void)
{
	static const CvmColumn columns[] = {
		{.name = "customer",.kind = CVM_INPUT_CATEGORY},
		{.name = "surname",.kind = CVM_INPUT_CATEGORY}
	};

	for (int rows = 49; rows <= 2000; rows += 1951)
	{
		Table		table;
		CvmEncoder *encoder;

		table_init(&table, columns, 2);
		for (int row = 0; row < rows; row++)
		{
			char		customer[32];
			char		surname[32];
			const char *texts[] = {customer, surname};

			snprintf(customer, sizeof(customer), "customer %d", row % 10 == 0 ? row / 2 : row);
			snprintf(surname, sizeof(surname), "surname %d", row % (rows / 2));
			table_add(&table, NULL, texts, 1);
		}
		encoder = table_learn(&table, &plain_options, NULL);
		CHECK(strcmp(left_out, rows < 50 ? "" : "customer:identifier;") == 0);
		CHECK(encoder->term_count == (rows < 50 ? 2 : 1));
	}
}

/* Texts past the bound of a dictionary share the level of rare ones. */
static void
test_overflow(void)
{
	static const CvmColumn columns[] = {
		{.name = "note",.kind = CVM_INPUT_CATEGORY},
		{.name = "city",.kind = CVM_INPUT_CATEGORY}
	};
	static const char *const cities[] = {"a", "b"};
	int			size = 1 << 18;
	char	   *note = CVM_NEW(char, size);
	CvmEncoderOptions options = {.max_categories = 50,.min_category_count = 1};

	memset(note, 'x', size - 1);
	note[size - 1] = '\0';
	for (int repeats = 1; repeats <= 4; repeats += 3)
	{
		Table		table;
		CvmEncoder *encoder;
		const CvmTerm *term;

		table_init(&table, columns, 2);
		for (int row = 0; row < 1200; row++)
		{
			const char *texts[] = {note, cities[row % 2]};
			char		head[16];

			memcpy(note, head, snprintf(head, sizeof(head), "note %06d", row / repeats));
			table_add(&table, NULL, texts, 1);
		}
		encoder = table_learn(&table, &options, NULL);
		if (repeats == 1)
		{
			CHECK(strcmp(left_out, "note:identifier;") == 0);
			continue;
		}
		term = find_term(encoder, "note");
		CHECK(term->level_count == 51 && term->other_level == 50);
		CHECK_CLOSE(term->level_shares[50], 1 - 200 / 1200.0, 1e-12);
	}
	cvm_release(note);
}

/* ---- numbers ---- */

static void
test_numbers(void)
{
	static const CvmColumn columns[] = {
		{.name = "constant",.kind = CVM_INPUT_NUMBER},
		{.name = "nearly",.kind = CVM_INPUT_NUMBER},
		{.name = "missing",.kind = CVM_INPUT_NUMBER},
		{.name = "bonus",.kind = CVM_INPUT_NUMBER},
		{.name = "zero",.kind = CVM_INPUT_NUMBER},
		{.name = "age",.kind = CVM_INPUT_NUMBER,.integral = true},
		{.name = "married",.kind = CVM_INPUT_BOOLEAN},
		{.name = "id",.kind = CVM_INPUT_NUMBER,.integral = true},
		{.name = "income",.kind = CVM_INPUT_NUMBER},
		{.name = "huge",.kind = CVM_INPUT_NUMBER},
		{.name = "tiny",.kind = CVM_INPUT_NUMBER}
	};
	Table		table;
	CvmEncoder *encoder;
	const CvmTerm *term;
	const char *feature;
	const char *level;

	table_init(&table, columns, 11);
	for (int row = 0; row < 600; row++)
	{
		double		numbers[] = {
			0.1, row % 2 == 0 ? 0.3 : 0.1 + 0.2, NAN, row % 3 == 0 ? 10 : NAN,
			row % 4 == 0 ? 0 : NAN, row % 5 == 0 ? NAN : row % 50, row % 2, row,
			row % 5 == 0 ? NAN : row % 7, row % 2 ? 1e300 : -1e300, row % 2 ? 1e-300 : 2e-300
		};

		table_add(&table, numbers, NULL, 1 + row % 2);
	}
	encoder = table_learn(&table, &plain_options, NULL);
	CHECK(strcmp(left_out, "constant:constant;nearly:constant;missing:missing;id:identifier;") == 0);
	CHECK(encoder->input_count == 7 && encoder->term_count == 7);
	CHECK(encoder->slots == 8 && encoder->dense_columns == 8);
	CHECK(cvm_profile_missing_cells(table.profile) == 600 + 400 + 450 + 120 + 120);

	/* 10 or missing: the fill value tells them apart */
	term = find_term(encoder, "bonus");
	CHECK(term->fill == 0 && term->flag_slot == -1 && term->slot == 0);
	CHECK_CLOSE(term->mean, 10 / 3.0, 1e-12);
	CHECK_CLOSE(term->deviation, 10 * sqrt(2) / 3, 1e-12);
	CHECK_CLOSE(term->missing_share, 2 / 3.0, 1e-12);
	term = find_term(encoder, "zero");
	CHECK(term->fill == 1 && term->flag_slot == -1);

	/* a gap, and another in just the same rows */
	term = find_term(encoder, "age");
	CHECK(term->slot == 2 && term->flag_slot == 3);
	CHECK(term->fill == term->mean && term->center == term->mean && term->scale == term->deviation);
	CHECK_CLOSE(term->missing_share, 0.2, 1e-12);
	term = find_term(encoder, "income");
	CHECK(term->flag_slot == -1 && term->fill == term->mean);
	CHECK_CLOSE(term->missing_share, 0.2, 1e-12);

	term = find_term(encoder, "married");
	CHECK(term->kind == CVM_TERM_INDICATOR && term->center == 0 && term->scale == 1);
	CHECK_CLOSE(term->mean, 2 / 3.0, 1e-12);
	CHECK_CLOSE(term->deviation, sqrt(2) / 3, 1e-12);

	term = find_term(encoder, "huge");
	CHECK_CLOSE(term->mean / 1e300, 1 / 3.0, 1e-12);
	CHECK_CLOSE(term->deviation / 1e300, 2 * sqrt(2) / 3, 1e-12);
	term = find_term(encoder, "tiny");
	CHECK_CLOSE(term->mean / 1e-300, 4 / 3.0, 1e-12);
	CHECK_CLOSE(term->deviation / 1e-300, sqrt(2) / 3, 1e-12);

	cvm_encoder_slot_name(encoder, 3, &feature, &level);
	CHECK(strcmp(feature, "age") == 0 && strcmp(level, "missing") == 0);
	cvm_encoder_slot_name(encoder, 2, &feature, &level);
	CHECK(strcmp(feature, "age") == 0 && level == NULL);
	cvm_encoder_slot_name(encoder, 8, &feature, &level);
	CHECK(feature == NULL);
}

/* A running number is kept where there is nothing else. */
static void
test_lonely_key(void)
{
	static const CvmColumn columns[] = {
		{.name = "constant",.kind = CVM_INPUT_NUMBER},
		{.name = "id",.kind = CVM_INPUT_NUMBER,.integral = true}
	};
	Table		table;
	CvmEncoder *encoder;
	CvmEncoderOptions options = plain_options;

	table_init(&table, columns, 2);
	for (int row = 0; row < 600; row++)
	{
		double		numbers[] = {1, row};

		table_add(&table, numbers, NULL, 1);
	}
	options.standardize = false;
	encoder = table_learn(&table, &options, NULL);
	CHECK(strcmp(left_out, "constant:constant;") == 0);
	CHECK(encoder->term_count == 1 && encoder->terms[0].input == 0);
	CHECK(encoder->terms[0].center == 0 && encoder->terms[0].scale == 1);
	CHECK_CLOSE(encoder->terms[0].mean, 299.5, 1e-12);
}

/* Numbers as they are: no flags, no fill values, and blocks with NaN in them. */
static void
test_kept_missing(void)
{
	static const CvmColumn columns[] = {
		{.name = "age",.kind = CVM_INPUT_NUMBER},
		{.name = "presence",.kind = CVM_INPUT_NUMBER},
		{.name = "constant",.kind = CVM_INPUT_NUMBER}
	};
	static const double numbers[][3] = {{20, 7, 1}, {NAN, NAN, 1}, {NAN, 7, 1}, {50, NAN, 1}};
	CvmEncoderOptions options = plain_options;
	CvmEncoder *encoder;
	CvmEncodePlan *plan;
	CvmBlock   *encoded;
	Table		table;

	options.keep_missing = true;
	table_init(&table, columns, 3);
	for (int row = 0; row < 4; row++)
		table_add(&table, numbers[row], NULL, 1);
	encoder = table_learn(&table, &options, NULL);
	CHECK(strcmp(left_out, "constant:constant;") == 0);
	CHECK(encoder->term_count == 2 && encoder->slots == 2);
	for (int i = 0; i < 2; i++)
	{
		const CvmTerm *term = &encoder->terms[i];

		CHECK(isnan(term->fill) && term->center == 0 && term->scale == 1);
		CHECK(term->flag_slot == -1 && term->missing_share == 0.5);
	}
	CHECK(encoder->terms[0].mean == 35);

	plan = cvm_encode_plan_create(table.profile, encoder);
	encoded = cvm_block_create(2, 0);
	cvm_encode_block(plan, table.blocks[0], encoded);
	for (int row = 0; row < 4; row++)
		for (int i = 0; i < 2; i++)
			CHECK(isnan(numbers[row][i]) ? isnan(encoded->dense[2 * row + i]) :
				  encoded->dense[2 * row + i] == numbers[row][i]);
}

static void
test_nothing_left(void)
{
	static const CvmColumn column = {.name = "constant",.kind = CVM_INPUT_NUMBER};
	double		number = 3;
	CvmError	error = {{0}};
	CvmEncoder *encoder;
	Table		table;

	table_init(&table, &column, 1);
	table_add(&table, &number, NULL, 1);
	CHECK(table_count(&table, NULL) == CVM_OK);
	CHECK(cvm_encoder_learn(table.profile, &plain_options, NULL, NULL, &encoder, &error) ==
		  CVM_NO_FEATURES);
	CHECK(error.message[0] != '\0' && error.detail[0] != '\0');
	table_init(&table, NULL, 0);
	table_add(&table, NULL, NULL, 1);
	CHECK(table_count(&table, NULL) == CVM_OK);
	CHECK(cvm_encoder_learn(table.profile, &plain_options, NULL, NULL, &encoder, NULL) ==
		  CVM_NO_FEATURES);
}

/* ---- times and arrays ---- */

/* One flag tells of the rows without a time; their parts need no more. */
static void
test_times(void)
{
	static const CvmColumn columns[] = {
		{.name = "plan",.kind = CVM_INPUT_CATEGORY},
		{.name = "signup",.kind = CVM_INPUT_TIME},
		{.name = "last",.kind = CVM_INPUT_TIME}
	};
	static const char *const plans[] = {"a", "b"};
	static const char *const months[] = {"1", "2", "3", "12"};
	static const char *const weekdays[] = {"1", "2", "3", "4", "5", "6", "7"};
	Table		table;
	CvmEncoder *encoder;
	const CvmTerm *term;
	const char *feature;
	const char *level;

	table_init(&table, columns, 3);
	CHECK(table.dense_columns == 2 && table.coded_columns == 5);
	for (int row = 0; row < 700; row++)
	{
		bool		there = row % 7 != 0;
		double		numbers[] = {there ? row : NAN, 8000};
		const char *texts[] = {
			plans[row % 2], there ? months[row % 4] : NULL, there ? weekdays[row % 7] : NULL,
			"11", weekdays[row % 5]
		};

		table_add(&table, numbers, texts, 1);
	}
	encoder = table_learn(&table, &plain_options, NULL);
	CHECK(strcmp(left_out, "last and 1 other:constant;") == 0);
	CHECK(encoder->input_count == 3 && encoder->term_count == 5);
	CHECK(encoder->dense_columns == 2 && encoder->coded_columns == 4);
	CHECK(encoder->slots == 2 + 1 + 3 + 5 + 4);
	CHECK(cvm_profile_missing_cells(table.profile) == 100);
	term = find_term(encoder, "signup");
	CHECK(term->part == 0 && term->slot == 0 && term->flag_slot == 1);
	term = find_term(encoder, "signup (month)");
	CHECK(term->part == 1 && term->input == 1 && term->slot == 3);
	CHECK(term->level_count == 4 && term->missing_level == -1);
	CHECK_CLOSE(term->level_shares[0], 150 / 700.0 + 1 / 7.0, 1e-12);
	term = find_term(encoder, "signup (weekday)");
	CHECK(term->part == 2 && term->level_count == 6);
	term = find_term(encoder, "last (weekday)");
	CHECK(term->part == 2 && term->input == 2);
	cvm_encoder_slot_name(encoder, 3, &feature, &level);
	CHECK(strcmp(feature, "signup (month)") == 0 && strcmp(level, "12") == 0);
}

static void
test_arrays(void)
{
	static const CvmColumn columns[] = {
		{.name = "scores",.kind = CVM_INPUT_ARRAY,.elements = 5},
		{.name = "x",.kind = CVM_INPUT_ARRAY,.elements = 2,.nameless_array = true}
	};
	Table		table;
	CvmEncoder *encoder;

	table_init(&table, columns, 2);
	for (int row = 0; row < 100; row++)
	{
		bool		there = row % 9 != 0;
		double		numbers[] = {
			1, there ? row : NAN, 1, 1, there ? -row * row : NAN, row % 3, row % 4
		};

		table_add(&table, numbers, NULL, 1);
	}
	encoder = table_learn(&table, &plain_options, NULL);
	CHECK(strcmp(left_out, "scores[1] and 2 others:constant;") == 0);
	CHECK(encoder->input_count == 2 && encoder->term_count == 4);
	CHECK(encoder->inputs[0].elements == 5 && encoder->inputs[1].elements == 2);
	CHECK(strcmp(encoder->terms[0].name, "scores[2]") == 0 && encoder->terms[0].part == 1);
	CHECK(encoder->terms[0].flag_slot == 1);
	CHECK(encoder->terms[1].part == 4 && encoder->terms[1].flag_slot == -1);
	CHECK(strcmp(encoder->terms[3].name, "x2") == 0);
}

/*
 * An identifier keeps a level for every text, however rare and however many,
 * by falling number of rows, and one more for texts that come later.
 */
static void
test_identifier_inputs(void)
{
	static const CvmColumn columns[] = {
		{.name = "customer",.kind = CVM_INPUT_IDENTIFIER},
		{.name = "product",.kind = CVM_INPUT_IDENTIFIER}
	};
	static const CvmEncoderOptions few = {.max_categories = 5,.min_category_count = 10,.standardize = true};
	Table		table;
	CvmEncoder *encoder;
	CvmLevelLookup *lookup;
	CvmError	error = {{0}};
	char		text[16];

	table_init(&table, columns, 2);
	for (int i = 0; i < 300; i++)
	{
		const char *texts[] = {text, i % 10 == 9 ? NULL : "only"};

		snprintf(text, sizeof(text), "c%d", i < 100 ? 0 : i);
		table_add(&table, NULL, texts, 1);
	}
	encoder = table_learn(&table, &few, NULL);
	CHECK(encoder != NULL && strcmp(left_out, "") == 0);
	CHECK(encoder->terms[0].level_count == 202 && encoder->terms[1].level_count == 2);
	CHECK(strcmp(encoder->terms[0].levels[0], "c0") == 0);
	for (int t = 0; t < 2; t++)
		CHECK(encoder->terms[t].other_level == encoder->terms[t].level_count - 1 &&
			  encoder->terms[t].missing_level == -1);
	CHECK(cvm_level_missing(&encoder->terms[1]) == 1);
	CHECK_CLOSE(encoder->terms[1].missing_share, 0.1, 1e-12);
	lookup = cvm_level_lookup_create(&encoder->terms[0]);
	CHECK(cvm_level_find(lookup, "c0", 2) == 0);
	CHECK(cvm_level_find(lookup, "c999", 4) == 201);
	CHECK(cvm_level_find(lookup, CVM_OTHER_LEVEL, (int) strlen(CVM_OTHER_LEVEL)) == 201);
	CHECK(strcmp(encoder->terms[0].levels[cvm_level_find(lookup, "c123", 4)], "c123") == 0);
	cvm_level_lookup_release(lookup);

	/* more than there is memory for: the column is named */
	table_init(&table, columns, 2);
	cvm_profile_limit_identifiers(table.profile, 1024 * 1024);
	for (int i = 0; i < 100000; i++)
	{
		const char *texts[] = {text, "only"};

		snprintf(text, sizeof(text), "c%d", i);
		table_add(&table, NULL, texts, 1);
	}
	CHECK(table_learn(&table, &few, &error) == NULL);
	CHECK(strstr(error.message, "\"customer\" has more different values") != NULL);
}

static void
test_kind_names(void)
{
	for (int i = 0; i < CVM_INPUT_KIND_COUNT; i++)
	{
		CvmInputKind kind;

		CHECK(cvm_input_kind_from_name(cvm_input_kind_name((CvmInputKind) i), &kind));
		CHECK((int) kind == i);
	}
	CHECK(!cvm_input_kind_from_name("uuid", &(CvmInputKind) {0}));
}

int
main(void)
{
	test_level_order();
	test_rare_levels();
	test_unseen_levels();
	test_left_out_categories();
	test_identifiers();
	test_overflow();
	test_numbers();
	test_lonely_key();
	test_kept_missing();
	test_nothing_left();
	test_times();
	test_arrays();
	test_identifier_inputs();
	test_kind_names();
	return check_done();
}
