/*
 * test_fit_state.c
 *		States of aggregates: bytes and back, merging, steps against exact fits.
 */
#include "check.h"

#include "agg/fit_options.h"
#include "agg/state_parts.h"
#include "fit_state_fixture.h"
#include "model/envelope.h"

#define MANY_ROWS 1500

static CvmFitState *
copy_state(const CvmFitState *state)
{
	CvmWriter	writer;
	CvmFitState *copy = NULL;
	CvmError	error = {{0}};

	cvm_writer_init(&writer, 0);
	cvm_fit_state_encode(state, &writer);
	CHECK(cvm_fit_state_decode(writer.bytes, writer.length, &copy, &error) == CVM_OK);
	if (copy == NULL)
		printf("%s\n", error.message);
	return copy;
}

static bool
same_bytes(const CvmFitState *left, const CvmFitState *right)
{
	CvmWriter	a;
	CvmWriter	b;

	cvm_writer_init(&a, 0);
	cvm_writer_init(&b, 0);
	cvm_fit_state_encode(left, &a);
	cvm_fit_state_encode(right, &b);
	return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

/* sgd and descend: a copy that goes on is the original that goes on. */
static void
test_round_trip(void)
{
	static const int counts[] = {0, 1, 50, 127, 128, 129, 700};

	for (int method = CVM_METHOD_SGD; method <= CVM_METHOD_DESCEND; method++)
		for (int family = 0; family < CVM_FAMILY_COUNT; family++)
			for (int i = 0; i < 7; i++)
			{
				CvmFitState *state = fixture_state(method, family, 0, counts[i]);
				CvmFitState *copy = copy_state(state);
				CvmError	error = {{0}};

				if (copy == NULL)
					continue;
				CHECK(same_bytes(state, copy));
				for (int more = 0; more < 600; more++)
				{
					FixtureRow	row = fixture_row(family, counts[i] + more);

					CHECK(fixture_add(state, &row, &error) == CVM_OK);
					CHECK(fixture_add(copy, &row, &error) == CVM_OK);
				}
				CHECK(same_bytes(state, copy));
			}
}

/* fit: its rows stand in the bytes, block by block. */
static void
test_stored_rows(void)
{
	CvmFitState *state = fixture_state(CVM_METHOD_FIT, CVM_SOFTMAX, 0, 500);
	CvmFitState *decoded = NULL;
	CvmWriter	writer;
	CvmBlock	blocks[2];
	CvmBlock	block;
	CvmError	error = {{0}};

	blocks[0] = state->pending.block;
	CHECK(blocks[0].rows == 500);
	cvm_writer_init(&writer, 0);
	cvm_fit_state_encode_head(state, 500, &writer);
	cvm_fit_state_encode_rows(state, &blocks[0], &writer);
	cvm_envelope_seal(writer.bytes, writer.length);
	CHECK(cvm_fit_state_decode(writer.bytes, writer.length, &decoded, &error) == CVM_OK);
	CHECK(decoded->stored_rows == 500 && decoded->labels.count == 3);
	CHECK(cvm_fit_state_stored_block(decoded, 0, &block) && block.rows == 500);
	CHECK(!cvm_fit_state_stored_block(decoded, 1, &blocks[1]));
	CHECK(memcmp(block.target, blocks[0].target, 500 * sizeof(double)) == 0);
	CHECK(block.dense[4 * 499] == blocks[0].dense[4 * 499] && block.weight[499] == 1);
}

static void
finish(CvmFitState *state, CvmFit *fit, CvmEncoder **encoder)
{
	int			order[CVM_MOST_CLASSES] = {0};
	CvmShape	shape;
	CvmError	error = {{0}};
	CvmStatus	status;

	cvm_class_order(&state->labels, order);
	status = cvm_single_pass_finish(state, order, NULL, NULL, encoder, &shape, fit, &error);
	CHECK(status == CVM_OK);
	if (status != CVM_OK)
		printf("%s\n", error.message);
}

/* The exact fit, on the encoding of "encoder"; huber needs a start that is near. */
static CvmFit
exact_fit(CvmFamily family, int count, const CvmEncoder *encoder, double delta,
		  const double *start)
{
	CvmProfile *profile = cvm_array_profile(FIXTURE_COLUMNS);
	CvmEncodePlan *plan = cvm_encode_plan_create(profile, encoder);
	int			blocks = (count + CVM_BLOCK_ROWS - 1) / CVM_BLOCK_ROWS;
	CvmBlock  **encoded = CVM_NEW(CvmBlock *, blocks);
	CvmBlock   *raw = cvm_block_create(FIXTURE_COLUMNS, 0);
	CvmShape	shape = {
		.family = family,.outputs = family == CVM_SOFTMAX ? 3 : 1,
		.dense_columns = encoder->dense_columns,.slots = encoder->slots,.delta = delta
	};
	CvmBlockSource source;
	CvmOptions	options;
	CvmFit		fit;
	CvmError	error = {{0}};

	for (int b = 0; b < blocks; b++)
	{
		raw->rows = 0;
		for (int i = b * CVM_BLOCK_ROWS; i < count && raw->rows < CVM_BLOCK_ROWS; i++)
		{
			FixtureRow	row = fixture_row(family, i);
			int			place = raw->rows++;

			memcpy(raw->dense + place * FIXTURE_COLUMNS, row.x, sizeof(row.x));
			raw->target[place] = family == CVM_SOFTMAX ? 2 - row.y : row.y;
			raw->weight[place] = 1;
		}
		encoded[b] = cvm_block_create(encoder->dense_columns, 0);
		cvm_encode_block(plan, raw, encoded[b]);
	}
	cvm_block_source_from_array(&source, encoded, blocks, encoder->dense_columns, 0,
								encoder->slots);
	cvm_options_for_aggregate(&options);
	CHECK(cvm_fit(&shape, &source, NULL, &options, start, NULL, &fit, &error) == CVM_OK);
	return fit;
}

/* One pass comes near the optimum, whole or merged of three parts. */
static void
test_single_pass(void)
{
	for (int family = 0; family < CVM_FAMILY_COUNT; family++)
	{
		CvmFitState *whole = fixture_state(CVM_METHOD_SGD, family, 0, 60000);
		CvmFitState *merged = cvm_fit_state_create(CVM_METHOD_SGD, family);
		CvmEncoder *encoder;
		CvmEncoder *merged_encoder;
		CvmFit		fit;
		CvmFit		merged_fit;
		CvmFit		exact;
		CvmError	error = {{0}};

		for (int part = 0; part < 3; part++)
			CHECK(cvm_fit_state_merge(merged, fixture_state(CVM_METHOD_SGD, family,
															part * 20000, 20000), &error) == CVM_OK);
		CHECK(cvm_single_pass_rows(merged) + merged->pending.block.rows == 60000);
		finish(whole, &fit, &encoder);
		finish(merged, &merged_fit, &merged_encoder);
		CHECK(encoder->term_count == 3 && encoder->terms[2].flag_slot == 3);
		CHECK(encoder->slots == merged_encoder->slots);
		CHECK_CLOSE(merged_encoder->terms[2].mean, encoder->terms[2].mean, 1e-12);
		CHECK_CLOSE(merged_encoder->terms[1].deviation, encoder->terms[1].deviation, 1e-12);
		exact = exact_fit(family, 60000, encoder, whole->options.delta, fit.parameters);
		for (int i = 0; i < encoder->slots + 1; i++)
		{
			double		unit = family == CVM_LINEAR || family == CVM_HUBER ? 20 : 1;

			CHECK_CLOSE(fit.parameters[i] / unit, exact.parameters[i] / unit, 0.05);
			CHECK_CLOSE(merged_fit.parameters[i] / unit, exact.parameters[i] / unit, 0.05);
		}
	}
}

static double
distance(const double *left, const double *right, int count)
{
	double		square = 0;

	for (int i = 0; i < count; i++)
		square += (left[i] - right[i]) * (left[i] - right[i]);
	return sqrt(square);
}

static void
test_descent(void)
{
	for (int family = 0; family < CVM_FAMILY_COUNT; family++)
	{
		CvmFitState *whole = fixture_state(CVM_METHOD_DESCEND, family, 0, MANY_ROWS);
		CvmFitState *merged = cvm_fit_state_create(CVM_METHOD_DESCEND, 0);
		CvmShape	shape;
		CvmFit		fit;
		CvmFit		merged_fit;
		CvmFit		exact;
		double		before;
		double		after;
		CvmError	error = {{0}};

		CHECK(cvm_fit_state_merge(merged, fixture_state(CVM_METHOD_DESCEND, family, 900, 600),
								  &error) == CVM_OK);
		CHECK(cvm_fit_state_merge(merged, cvm_fit_state_create(CVM_METHOD_DESCEND, 0),
								  &error) == CVM_OK);
		CHECK(cvm_fit_state_merge(merged, fixture_state(CVM_METHOD_DESCEND, family, 0, 900),
								  &error) == CVM_OK);
		exact = exact_fit(family, MANY_ROWS, &cvm_descent_model(whole)->encoder,
						  cvm_model_linear(cvm_descent_model(whole))->delta,
						  whole->descent->parameters);
		CHECK(cvm_descent_finish(whole, &shape, &fit, &error) == CVM_OK);
		CHECK(cvm_descent_finish(merged, &shape, &merged_fit, &error) == CVM_OK);
		CHECK(fit.outcome == CVM_SINGLE_PASS);
		before = distance(whole->descent->parameters, exact.parameters, CVM_PARAMETERS(&shape));
		after = distance(fit.parameters, exact.parameters, CVM_PARAMETERS(&shape));
		/* a linear fit takes one step, others come nearer */
		CHECK(after < (family == CVM_LINEAR ? 1e-10 : 0.8) * before);
		for (int i = 0; i < CVM_PARAMETERS(&shape); i++)
			CHECK_CLOSE(merged_fit.parameters[i], fit.parameters[i], 1e-10);
	}
}

static CvmStatus
try_merge(CvmFitState *left, CvmFitState *right)
{
	CvmError	error = {{0}};
	CvmStatus	status = cvm_fit_state_merge(left, right, &error);

	CHECK((status == CVM_OK) == (error.message[0] == '\0'));
	return status;
}

static void
test_mismatch(void)
{
	CvmFitState *state = fixture_state(CVM_METHOD_SGD, CVM_LOGISTIC, 0, 200);
	CvmFitState *other;
	CvmOptions	options;
	CvmError	error;

	CHECK(try_merge(state, fixture_state(CVM_METHOD_FIT, CVM_LOGISTIC, 0, 10)) == CVM_MISMATCH);
	CHECK(try_merge(state, fixture_state(CVM_METHOD_SGD, CVM_SVM, 0, 10)) == CVM_MISMATCH);
	cvm_options_for_aggregate(&options);
	options.l2 = 1;
	CHECK(try_merge(state, fixture_begin(CVM_METHOD_SGD, CVM_LOGISTIC, &options, 1)) == CVM_MISMATCH);
	other = fixture_begin(CVM_METHOD_SGD, CVM_LOGISTIC, &state->options, 0);
	CHECK(cvm_fit_state_set_columns(other, 2, &error) == CVM_OK);
	CHECK(try_merge(state, other) == CVM_MISMATCH);
	/* a third class */
	other = fixture_begin(CVM_METHOD_SGD, CVM_LOGISTIC, &state->options, 0);
	(void) fixture_code(other, 2);
	CHECK(try_merge(state, other) == CVM_BAD_DATA);
	/* empty ones change nothing */
	CHECK(try_merge(state, cvm_fit_state_create(CVM_METHOD_SGD, CVM_LOGISTIC)) == CVM_OK);
	CHECK(cvm_single_pass_rows(state) == 128);
	CHECK(cvm_fit_state_set_columns(cvm_fit_state_create(CVM_METHOD_FIT, 0),
									CVM_FIT_MAX_COLUMNS + 1, &error) == CVM_LIMIT);
}

/* Classes that come in another order, and options that are kept. */
static void
test_labels(void)
{
	CvmOptions	options;
	uint32_t	given;
	CvmFitState *ones;
	CvmFitState *zeros;
	CvmFitState *copy;
	CvmEncoder *encoder;
	CvmFit		fit;
	CvmError	error = {{0}};

	cvm_options_for_aggregate(&options);
	options.l2 = 0.5;
	options.seed = 42;
	options.solver = CVM_SOLVER_ADAM;
	given = 1 << cvm_fit_option_find(CVM_METHOD_SGD, "l2") |
		1 << cvm_fit_option_find(CVM_METHOD_SGD, "seed") |
		1 << cvm_fit_option_find(CVM_METHOD_SGD, "positive") |
		1 << cvm_fit_option_find(CVM_METHOD_SGD, "solver");
	options.positive = "1";
	ones = fixture_begin(CVM_METHOD_SGD, CVM_LOGISTIC, &options, given);
	zeros = fixture_begin(CVM_METHOD_SGD, CVM_LOGISTIC, &options, given);
	for (int i = 0; i < 20000; i++)
	{
		FixtureRow	row = fixture_row(CVM_LOGISTIC, i);
		CvmFitState *state = i % 2 == 0 ? ones : zeros;

		if (state->labels.count > 0 || (row.y == 1) == (state == ones))
			CHECK(fixture_add(state, &row, &error) == CVM_OK);
	}
	copy = copy_state(ones);
	CHECK(copy->options.l2 == 0.5 && copy->options.seed == 42 &&
		  copy->options.solver == CVM_SOLVER_ADAM &&
		  strcmp(copy->options.positive, "1") == 0 && copy->given == ones->given);
	CHECK(cvm_fit_state_merge(ones, zeros, &error) == CVM_OK);
	CHECK(ones->labels.count == 2 && ones->labels.values[0] == 1 && ones->labels.values[1] == 0);
	finish(ones, &fit, &encoder);
	CHECK(fit.parameters[0] > 0.3 && fit.parameters[1] < -0.15);
}

/* Rows before the first array, and infinity in the third column. */
static void
test_gaps(void)
{
	CvmOptions	options;
	CvmFitState *state;
	CvmFitState *copy;
	FixtureRow	row = fixture_row(CVM_LINEAR, 0);
	CvmError	error = {{0}};

	cvm_options_for_aggregate(&options);
	state = fixture_begin(CVM_METHOD_SGD, CVM_LINEAR, &options, 0);
	for (int i = 0; i < 300; i++)
		cvm_fit_state_wait(state, i);
	copy = copy_state(state);
	CHECK(copy->waiting_rows == 300 && copy->waiting[299] == 299);
	CHECK(fixture_add(state, &row, &error) == CVM_OK);
	CHECK(state->waiting_rows == 0 && cvm_single_pass_rows(state) == 256);
	CHECK(cvm_fit_state_merge(copy, state, &error) == CVM_OK);
	CHECK(cvm_single_pass_rows(copy) + copy->pending.block.rows == 601);

	row.x[2] = -INFINITY;
	CHECK(fixture_add(state, &row, &error) == CVM_OK);
	CHECK(cvm_fit_state_consume(state, &error) == CVM_OUT_OF_RANGE);
	CHECK(strstr(error.message, "x3 is infinite") != NULL);
	state = fixture_begin(CVM_METHOD_DESCEND, CVM_LINEAR, &options, 0);
	CHECK(fixture_add(state, &row, &error) == CVM_OK);
	CHECK(cvm_fit_state_consume(state, &error) == CVM_OUT_OF_RANGE);
	CHECK(strstr(error.message, "x3 is infinite") != NULL);
}

/* Late rows, of which not all are looked at: the first gap, and infinity. */
static void
test_late_gaps(void)
{
	static const CvmFamily families[] = {CVM_LINEAR, CVM_LOGISTIC, CVM_SVM, CVM_HUBER};

	for (int f = 0; f < 4; f++)
		for (int column = 0; column < FIXTURE_COLUMNS; column += 3)
			for (int late = 0; late < 8; late++)
			{
				CvmFitState *state = fixture_state(CVM_METHOD_SGD, families[f], 0, 300);
				CvmError	error = {{0}};
				CvmStatus	status = CVM_OK;

				for (int i = 0; i < 70000 + 128 * late; i++)
				{
					FixtureRow	row = fixture_row(families[f], i % 500);

					row.x[2] = 3;
					if (fixture_add(state, &row, &error) != CVM_OK)
						abort();
				}
				for (int i = 0; i < 256; i++)
				{
					FixtureRow	row = fixture_row(families[f], i);

					if (i == 77)
						row.x[column] = NAN;
					if (fixture_add(state, &row, &error) != CVM_OK)
						abort();
				}
				(void) cvm_fit_state_consume(state, &error);
				CHECK(state->pass->profile->moments[column].present ==
					  state->pass->profile->rows - 1);
				CHECK(state->pass->profile->rows == 300 + 70000 + 128 * late + 256);
				for (int i = 0; i < 256 && status == CVM_OK; i++)
				{
					FixtureRow	row = fixture_row(families[f], i);

					if (i == 100)
						row.x[column] = INFINITY;
					status = fixture_add(state, &row, &error);
				}
				if (status == CVM_OK)
					status = cvm_fit_state_consume(state, &error);
				CHECK(status == CVM_OUT_OF_RANGE);
			}
}

static void
test_damage(void)
{
	CvmFitState *state = fixture_state(CVM_METHOD_SGD, CVM_SOFTMAX, 0, 135);
	CvmFitState *decoded;
	CvmWriter	writer;
	CvmError	error;

	cvm_writer_init(&writer, 0);
	cvm_fit_state_encode(state, &writer);
	for (size_t length = 0; length < writer.length; length++)
	{
		uint8_t    *copy = malloc(length ? length : 1);

		memcpy(copy, writer.bytes, length);
		CHECK(cvm_fit_state_decode(copy, length, &decoded, NULL) == CVM_BAD_FORMAT);
		if (length >= CVM_ENVELOPE_SIZE)
		{
			cvm_envelope_seal(copy, length);
			CHECK(cvm_fit_state_decode(copy, length, &decoded, &error) != CVM_OK ||
				  length % 8 != 0);
		}
		free(copy);
	}
	writer.bytes[4] = CVM_FIT_STATE_FORMAT + 1;
	cvm_envelope_seal(writer.bytes, writer.length);
	CHECK(cvm_fit_state_decode(writer.bytes, writer.length, &decoded, &error) == CVM_FUTURE_FORMAT);
	CHECK(strstr(error.message, "cvm.fit_state has format 2") != NULL);
}

int
main(void)
{
	test_round_trip();
	test_stored_rows();
	test_single_pass();
	test_descent();
	test_mismatch();
	test_labels();
	test_gaps();
	test_late_gaps();
	test_damage();
	return check_done();
}
