/*
 * encoded_rows.c
 *		Rows of fit, encoded as they are read.
 *
 * They stay in the state as they came, so that it can go on; to encode a row
 * again in each pass hides behind the fetch of the next one.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "agg/encoded_rows.h"
#include "pg/report.h"

typedef struct EncodedRows
{
	const CvmFitObject *object;
	const CvmEncodePlan *plan;
	int		   *class_of_code;	/* or NULL */
	double	   *class_weights;	/* or NULL */
	CvmBlock   *raw;
	CvmBlock   *encoded[2];		/* taken in turn: a block lives for two calls */
	int			next;
} EncodedRows;

static const CvmBlock *
read_encoded(void *state, int index)
{
	EncodedRows *rows = state;
	CvmBlock   *encoded = rows->encoded[rows->next];
	const CvmBlock *raw;

	CHECK_FOR_INTERRUPTS();
	raw = cvm_fit_object_read(rows->object, (uint64) index * CVM_BLOCK_ROWS, rows->raw);
	rows->next = 1 - rows->next;
	cvm_encode_block(rows->plan, raw, encoded);
	if (rows->class_of_code != NULL)
		for (int row = 0; row < encoded->rows; row++)
			encoded->target[row] = rows->class_of_code[(int) encoded->target[row]];
	if (rows->class_weights != NULL)
		for (int row = 0; row < encoded->rows; row++)
			encoded->weight[row] = rows->class_weights[(int) encoded->target[row]];
	return encoded;
}

void
cvm_encoded_rows_open(const CvmFitObject *object, const CvmModel *model, const int *order,
					  const CvmProfile *profile, CvmBlockSource *source)
{
	const CvmEncoder *encoder = &model->encoder;
	EncodedRows *rows = palloc0(sizeof(EncodedRows));

	rows->object = object;
	rows->plan = cvm_encode_plan_create(profile, encoder);
	rows->raw = cvm_fit_object_buffer(object);
	rows->encoded[0] = cvm_block_create(encoder->dense_columns, 0);
	rows->encoded[1] = cvm_block_create(encoder->dense_columns, 0);
	if (model->class_count > 0)
	{
		rows->class_of_code = palloc(model->class_count * sizeof(int));
		for (int k = 0; k < model->class_count; k++)
			rows->class_of_code[order[k]] = k;
	}
	if (model->class_count > 0 &&
		object->state->options.class_weight == CVM_CLASS_WEIGHT_BALANCED)
	{
		rows->class_weights = palloc(model->class_count * sizeof(double));
		for (int k = 0; k < model->class_count; k++)
			rows->class_weights[k] = 1 / (model->class_count * model->class_shares[k]);
	}
	memset(source, 0, sizeof(*source));
	source->dense_columns = encoder->dense_columns;
	source->slots = encoder->slots;
	source->rows = model->rows;
	source->blocks = (model->rows + CVM_BLOCK_ROWS - 1) / CVM_BLOCK_ROWS;
	source->total_weight = model->rows;
	source->read = read_encoded;
	source->state = rows;
}

CvmProfile *
cvm_encoded_rows_profile(const CvmFitObject *object)
{
	CvmColumn	x = {
		.name = "x",.kind = CVM_INPUT_ARRAY,.elements = object->state->columns,
		.nameless_array = true
	};
	CvmProfile *profile = cvm_profile_create(&x, 1);
	CvmBlock   *buffer = cvm_fit_object_buffer(object);
	uint64		rows = cvm_fit_object_rows(object);
	CvmError	error = {{0}};

	cvm_profile_skip_sample(profile);
	for (uint64 first = 0; first < rows; first += CVM_BLOCK_ROWS)
	{
		CHECK_FOR_INTERRUPTS();
		cvm_report(cvm_profile_add_block(profile,
										 cvm_fit_object_read(object, first, buffer),
										 &error), &error);
	}
	pfree(buffer);
	return profile;
}
