/*
 * test_encode_block.c
 *		Encoded blocks against one value at a time.
 */
#include "check.h"

#include "encode_fixture.h"

/* The text of a raw code, kept by the test itself. */
typedef const char *(*TextOf) (int row, int coded);

/*
 * The naive twin: every term of a row as scoring applies it, compared with
 * the encoded row.
 */
static int
differences(const CvmEncoder *encoder, const Table *table, const CvmColumn *columns,
			int row, TextOf text_of, const double *dense, const int32_t *codes)
{
	int			wrong = 0;
	int			next_code = 0;

	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];
		int			column = 0;
		int			raw_dense;
		int			raw_coded;

		while (strcmp(columns[column].name, encoder->inputs[term->input].name) != 0)
			column++;
		cvm_profile_position(table->profile, column, &raw_dense, &raw_coded);
		if (term->kind == CVM_TERM_CATEGORY)
		{
			const char *text = text_of(row, raw_coded + (term->part > 0 ? term->part - 1 : 0));
			CvmLevelLookup *lookup = cvm_level_lookup_create(term);
			int			level = text == NULL ? cvm_level_missing(term) :
				cvm_level_find(lookup, text, (int) strlen(text));

			cvm_level_lookup_release(lookup);
			wrong += codes[next_code++] !=
				(level == 0 ? CVM_SINK(encoder->slots) : term->slot + level - 1);
		}
		else
		{
			double		value = table_numbers(table, row)[raw_dense + term->part];
			double		filled = isnan(value) ? term->fill : value;
			double		expected = (filled - term->center) / term->scale;

			wrong += !(fabs(dense[term->slot] - expected) <= 1e-15 * fabs(expected));
			if (term->flag_slot >= 0)
				wrong += dense[term->flag_slot] != isnan(value);
		}
	}
	return wrong;
}

/*
 * Encodes all blocks, into others and, where the plan allows it, in place,
 * and compares.
 */
static void
check_encoding(const Table *table, const CvmEncoder *encoder, const CvmColumn *columns,
			   TextOf text_of, bool in_place)
{
	CvmEncodePlan *plan = cvm_encode_plan_create(table->profile, encoder);
	CvmBlock   *encoded = cvm_block_create(encoder->dense_columns, encoder->coded_columns);
	CvmBlock   *copy = cvm_block_create(table->dense_columns, table->coded_columns);
	int			wrong = 0;
	int			places = 0;
	int			unequal = 0;

	CHECK(cvm_encode_plan_in_place(plan) == in_place);
	for (int i = 0; i < table->block_count; i++)
	{
		const CvmBlock *raw = table->blocks[i];

		memset(encoded->dense, 0xFF, raw->rows * encoder->dense_columns * sizeof(double));
		memset(encoded->codes, 0xFF, raw->rows * encoder->coded_columns * sizeof(int32_t));
		cvm_encode_block(plan, raw, encoded);
		places += encoded->rows != raw->rows;
		for (int row = 0; row < raw->rows; row++)
		{
			places += encoded->target[row] != raw->target[row] ||
				encoded->weight[row] != raw->weight[row];
			wrong += differences(encoder, table, columns, i * CVM_BLOCK_ROWS + row, text_of,
								 encoded->dense + (size_t) row * encoder->dense_columns,
								 encoded->codes + (size_t) row * encoder->coded_columns);
		}
		if (!in_place)
			continue;
		copy->rows = raw->rows;
		memcpy(copy->dense, raw->dense, raw->rows * table->dense_columns * sizeof(double));
		memcpy(copy->codes, raw->codes, raw->rows * table->coded_columns * sizeof(int32_t));
		memcpy(copy->target, raw->target, raw->rows * sizeof(double));
		memcpy(copy->weight, raw->weight, raw->rows * sizeof(double));
		cvm_encode_block(plan, copy, copy);
		unequal += memcmp(copy->dense, encoded->dense,
						  raw->rows * encoder->dense_columns * sizeof(double)) != 0;
		unequal += memcmp(copy->codes, encoded->codes,
						  raw->rows * encoder->coded_columns * sizeof(int32_t)) != 0;
	}
	CHECK(wrong == 0);
	CHECK(places == 0);
	CHECK(unequal == 0);
	cvm_release(encoded);
	cvm_release(copy);
}

static const char *
no_text(int row, int coded)
{
	(void) row;
	(void) coded;
	return NULL;
}

/* Numbers only: all kept, some left out, and with flags. */
static void
test_numbers(void)
{
	CvmColumn	columns[11];
	char		names[11][16];

	for (int count = 1; count <= 11; count++)
		for (int variant = 0; variant < 4; variant++)
		{
			bool		flagged = variant == 1 || variant == 3;
			bool		thinned = variant >= 2 && count > 2;
			int			kept = 0;
			CvmEncoder *encoder;
			CvmRandom	random;
			Table		table;

			for (int i = 0; i < count; i++)
			{
				snprintf(names[i], sizeof(names[i]), "x%d", i);
				columns[i] = (CvmColumn) {.name = names[i],.kind = CVM_INPUT_NUMBER};
			}
			cvm_random_seed(&random, count);
			table_init(&table, columns, count);
			for (int row = 0; row < 1100; row++)
			{
				double		numbers[11];

				for (int i = 0; i < count; i++)
				{
					numbers[i] = 100 * i + cvm_random_normal(&random);
					if (thinned && i % 3 != 0)
						numbers[i] = 7;
					if (flagged && i == 0 && row % 10 == 3)
						numbers[i] = NAN;
				}
				table_add(&table, numbers, NULL, 1);
			}
			for (int i = 0; i < count; i++)
				kept += !(thinned && i % 3 != 0);
			encoder = table_learn(&table, &plain_options, NULL);
			CHECK(encoder->dense_columns == kept + flagged);
			check_encoding(&table, encoder, columns, no_text, kept + flagged <= count);
		}
}

/* A flag takes the place of a column that was left out. */
static void
test_flag_for_constant(void)
{
	static const CvmColumn columns[] = {
		{.name = "a",.kind = CVM_INPUT_NUMBER}, {.name = "b",.kind = CVM_INPUT_NUMBER},
		{.name = "same",.kind = CVM_INPUT_NUMBER}
	};
	CvmEncoder *encoder;
	Table		table;

	table_init(&table, columns, 3);
	for (int row = 0; row < 100; row++)
	{
		double		numbers[] = {row, row % 5 == 0 ? NAN : row * row, 7};

		table_add(&table, numbers, NULL, 1);
	}
	encoder = table_learn(&table, &plain_options, NULL);
	CHECK(encoder->dense_columns == table.dense_columns);
	check_encoding(&table, encoder, columns, no_text, true);
}

/* Gaps in rows that the encoder was not learned from, as when validating. */
static void
test_unexpected_gaps(void)
{
	CvmColumn	columns[5];
	char		names[5][16];
	CvmEncoder *encoder;
	Table		table;

	for (int i = 0; i < 5; i++)
	{
		snprintf(names[i], sizeof(names[i]), "x%d", i);
		columns[i] = (CvmColumn) {.name = names[i],.kind = CVM_INPUT_NUMBER};
	}
	table_init(&table, columns, 5);
	for (int row = 0; row < 100; row++)
	{
		double		numbers[] = {row, row * row, row % 7, row % 9, row % 11};

		table_add(&table, numbers, NULL, 1);
	}
	encoder = table_learn(&table, &plain_options, NULL);
	for (int row = 0; row < 100; row++)
	{
		double		numbers[] = {NAN, row % 2 ? 3 : NAN, 1, NAN, NAN};

		table_add(&table, numbers, NULL, 1);
	}
	check_encoding(&table, encoder, columns, no_text, true);
}

/* A customer of every kind of column. */
static char buffers[5][32];

static const char *
customer_text(int row, int coded)
{
	static const char *const plans[] = {"", "basic", "Zw\303\266lf", "  ", NULL};
	static const int months[] = {1, 2, 6, 11};

	switch (coded)
	{
		case 0:
			return plans[row % 5];
		case 1:					/* seldom the same: mostly rare */
			snprintf(buffers[1], sizeof(buffers[1]), "city %d", row * row % 997);
			break;
		case 2:
			if (row % 6 == 0)
				return NULL;
			snprintf(buffers[2], sizeof(buffers[2]), "%d", months[row % 4]);
			break;
		case 3:
			if (row % 6 == 0)
				return NULL;
			snprintf(buffers[3], sizeof(buffers[3]), "%d", row % 7 + 1);
			break;
		default:
			return "same";
	}
	return buffers[coded];
}

static void
add_customer(Table *table, int row)
{
	double		numbers[] = {
		row % 3 == 0 ? NAN : row % 80, row % 2, row % 6 == 0 ? NAN : 8000 + row % 300,
		row % 31, row % 4 == 0 ? NAN : row, 5, row % 4 == 0 ? NAN : sin(row)
	};
	const char *texts[5];

	for (int i = 0; i < 5; i++)
		texts[i] = customer_text(row, i);
	table_add(table, numbers, texts, 1 + row % 3);
}

static const CvmColumn customer_columns[] = {
	{.name = "age",.kind = CVM_INPUT_NUMBER,.integral = true},
	{.name = "plan",.kind = CVM_INPUT_CATEGORY},
	{.name = "married",.kind = CVM_INPUT_BOOLEAN},
	{.name = "city",.kind = CVM_INPUT_CATEGORY},
	{.name = "signup",.kind = CVM_INPUT_TIME},
	{.name = "visit",.kind = CVM_INPUT_INTERVAL},
	{.name = "scores",.kind = CVM_INPUT_ARRAY,.elements = 3},
	{.name = "country",.kind = CVM_INPUT_CATEGORY}
};

static void
test_customers(void)
{
	CvmEncoderOptions options = {.max_categories = 40,.min_category_count = 3};
	Table		table;
	CvmEncoder *encoder;

	for (int standardize = 0; standardize <= 1; standardize++)
	{
		options.standardize = standardize;
		table_init(&table, customer_columns, 8);
		for (int row = 0; row < 3000; row++)
			add_customer(&table, row);
		encoder = table_learn(&table, &options, NULL);
		CHECK(strcmp(left_out, "scores[2]:constant;country:constant;") == 0);
		CHECK(find_term(encoder, "city")->level_count == 41);
		/* rows that come after the encoder was learned, with new cities */
		for (int row = 3000; row < 4000; row++)
			add_customer(&table, row);
		check_encoding(&table, encoder, customer_columns, customer_text, false);
	}
}

/* A code that a plan has not met, and one of rows past a full dictionary. */
static void
test_late_codes(void)
{
	static const char *const texts[] = {"a", "b", "rare"};
	CvmEncoderOptions options = {.max_categories = 40,.min_category_count = 3};
	CvmBlock   *encoded;
	CvmEncodePlan *plan;
	CvmEncoder *encoder;
	Table		table;

	table_init(&table, customer_columns + 1, 1);
	for (int row = 0; row < 101; row++)
		table_add(&table, NULL, &texts[row == 100 ? 2 : row % 2], 1);
	encoder = table_learn(&table, &options, NULL);
	plan = cvm_encode_plan_create(table.profile, encoder);
	table_codes(&table, 0)[0] = 77777;
	table_codes(&table, 1)[0] = -1;
	encoded = cvm_block_create(0, 1);
	cvm_encode_block(plan, table.blocks[0], encoded);
	CHECK(encoder->slots == 2 && encoder->terms[0].other_level == 2);
	CHECK(encoded->codes[0] == 1);
	CHECK(encoded->codes[1] == 1);
	CHECK(encoded->codes[2] == CVM_SINK(2));
	CHECK(encoded->codes[3] == 0);
	CHECK(encoded->codes[100] == 1);
}

/* Ten thousand levels. */
static const char *
city_text(int row, int coded)
{
	(void) coded;
	snprintf(buffers[0], sizeof(buffers[0]), "city %d", row % 10000);
	return buffers[0];
}

static void
test_many_levels(void)
{
	static const CvmColumn column = {.name = "city",.kind = CVM_INPUT_CATEGORY};
	CvmEncoderOptions options = {.max_categories = 100000,.min_category_count = 2};
	CvmEncoder *encoder;
	CvmEncodePlan *plan;
	CvmBlock   *encoded = cvm_block_create(0, 1);
	CvmLevelLookup *lookup;
	Table		table;
	int			wrong = 0;

	table_init(&table, &column, 1);
	for (int row = 0; row < 40000; row++)
	{
		const char *text = city_text(row, 0);

		table_add(&table, NULL, &text, 1);
	}
	encoder = table_learn(&table, &options, NULL);
	CHECK(encoder->slots == 9999 && encoder->terms[0].level_count == 10000);
	plan = cvm_encode_plan_create(table.profile, encoder);
	lookup = cvm_level_lookup_create(&encoder->terms[0]);
	for (int row = 0; row < 40000; row++)
	{
		const char *text = city_text(row, 0);
		int			level = cvm_level_find(lookup, text, (int) strlen(text));

		if (row % CVM_BLOCK_ROWS == 0)
			cvm_encode_block(plan, table.blocks[row / CVM_BLOCK_ROWS], encoded);
		wrong += strcmp(encoder->terms[0].levels[level], text) != 0;
		wrong += encoded->codes[row % CVM_BLOCK_ROWS] !=
			(level == 0 ? CVM_SINK(encoder->slots) : level - 1);
	}
	CHECK(wrong == 0);
}

/* The encoder of a model that was learned from other columns. */
static void
test_other_profile(void)
{
	static const CvmColumn others[] = {
		{.name = "country",.kind = CVM_INPUT_CATEGORY},
		{.name = "married",.kind = CVM_INPUT_BOOLEAN},
		{.name = "plan",.kind = CVM_INPUT_NUMBER},
		{.name = "age",.kind = CVM_INPUT_NUMBER}
	};
	static const char *const texts[] = {"x"};
	static const double numbers[] = {1, 2, 3};
	CvmEncoderOptions options = {.max_categories = 40,.min_category_count = 3};
	const CvmTerm *plan_term;
	const CvmTerm *age;
	CvmEncoder *encoder;
	CvmBlock   *encoded;
	Table		table;
	Table		other;

	table_init(&table, customer_columns, 8);
	for (int row = 0; row < 3000; row++)
		add_customer(&table, row);
	encoder = table_learn(&table, &options, NULL);
	plan_term = find_term(encoder, "plan");
	age = find_term(encoder, "age");

	table_init(&other, others, 4);
	table_add(&other, numbers, texts, 1);
	encoded = cvm_block_create(encoder->dense_columns, encoder->coded_columns);
	cvm_encode_block(cvm_encode_plan_create(other.profile, encoder), other.blocks[0], encoded);
	CHECK(encoded->dense[age->slot] == (3 - age->center) / age->scale);
	CHECK(encoded->dense[find_term(encoder, "married")->slot] == 1);
	/* no such column, or one of another kind: missing */
	CHECK(encoded->codes[0] == plan_term->slot + cvm_level_missing(plan_term) - 1);
	CHECK(encoded->dense[find_term(encoder, "scores[1]")->flag_slot] == 1);
}

int
main(void)
{
	test_numbers();
	test_flag_for_constant();
	test_unexpected_gaps();
	test_customers();
	test_late_codes();
	test_many_levels();
	test_other_profile();
	return check_done();
}
