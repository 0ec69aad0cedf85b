/*
 * factorization_payload.c
 *		What a model of the algorithm matrix_factorization holds.
 *
 * How many numbers there are follows from the encoder, whose first two terms
 * are users and items, and from how many of the inputs describe a user.  A
 * description runs before the encoder was checked, so that it believes
 * nothing of it.
 */
#include "model/learners/factorization_payload.h"

#include <math.h>

#include "base/memory.h"

#define BAD(...) cvm_fail(error, CVM_BAD_FORMAT, "invalid cvm.model: " __VA_ARGS__)

/* ---- sizes ---- */

/* Levels of the term of an identifier but the last; 0: there is no such term. */
static int
subjects_of(const CvmEncoder *encoder, int identifier)
{
	const CvmTerm *term;

	if (identifier >= encoder->term_count)
		return 0;
	term = &encoder->terms[identifier];
	return term->kind == CVM_TERM_CATEGORY && term->level_count > 0 ? term->level_count - 1 : 0;
}

CvmPairLayout
cvm_pair_layout(const CvmEncoder *encoder)
{
	CvmPairLayout layout = {
		.user_column = 0,.item_column = 1,
		.coded_columns = encoder->coded_columns,.slots = encoder->slots,
		.user_slot = encoder->terms[0].slot,.item_slot = encoder->terms[1].slot,
		.users = subjects_of(encoder, 0),.items = subjects_of(encoder, 1)
	};

	return layout;
}

CvmAttributes *
cvm_attributes_of_inputs(const CvmEncoder *encoder, int from, int to)
{
	CvmAttributes *attributes = CVM_NEW_ZERO(CvmAttributes, 1);
	int			coded = 0;
	int64_t		width = 1;

	attributes->dense_columns = encoder->dense_columns;
	attributes->coded_columns = encoder->coded_columns;
	attributes->dense = CVM_NEW(int, 2 * (size_t) encoder->term_count + 1);
	attributes->coded = CVM_NEW(int, (size_t) encoder->term_count + 1);
	attributes->first_slots = CVM_NEW(int, (size_t) encoder->term_count + 1);
	attributes->level_counts = CVM_NEW(int, (size_t) encoder->term_count + 1);
	for (int i = 0; i < encoder->term_count; i++)
	{
		const CvmTerm *term = &encoder->terms[i];
		bool		own = term->input >= from && term->input < to;

		if (term->kind == CVM_TERM_CATEGORY)
		{
			if (own)
			{
				attributes->coded[attributes->coded_count] = coded;
				attributes->first_slots[attributes->coded_count] = term->slot;
				attributes->level_counts[attributes->coded_count++] = term->level_count;
				width += term->level_count;
			}
			coded++;
			continue;
		}
		if (!own)
			continue;
		attributes->dense[attributes->dense_count++] = term->slot;
		if (term->flag_slot >= 0)
			attributes->dense[attributes->dense_count++] = term->flag_slot;
	}
	width += attributes->dense_count;
	attributes->width = width > CVM_MODEL_MAX_COEFFICIENTS ? CVM_MODEL_MAX_COEFFICIENTS : (int) width;
	return attributes;
}

/* How wide the attributes of inputs are. */
static int
width_of_inputs(const CvmEncoder *encoder, int from, int to)
{
	CvmAttributes *attributes = cvm_attributes_of_inputs(encoder, from, to);
	int			width = attributes->width;

	cvm_release(attributes->dense);
	cvm_release(attributes->coded);
	cvm_release(attributes->first_slots);
	cvm_release(attributes->level_counts);
	cvm_release(attributes);
	return width;
}

/* Where the inputs end that describe a user. */
static int
end_of_users(const CvmModel *model, const CvmFactorizationPayload *payload)
{
	int			rest = model->encoder.input_count - CVM_IDENTIFIERS;

	return CVM_IDENTIFIERS + (payload->user_inputs < rest ? payload->user_inputs : rest);
}

/* ---- fields ---- */

void
cvm_factorization_describe(CvmModel *model, CvmFields *fields)
{
	const CvmEncoder *encoder = &model->encoder;
	CvmFactorizationPayload *payload;
	size_t		users = subjects_of(encoder, 0);
	size_t		items = subjects_of(encoder, 1);
	int			inputs = encoder->input_count;
	int			middle;

	if (fields->reading)
	{
		model->family = CVM_LINEAR;
		model->payload = CVM_NEW_ZERO(CvmFactorizationPayload, 1);
	}
	payload = (CvmFactorizationPayload *) model->payload;
	cvm_field_choice(fields, "factorization", cvm_factorization_names, &payload->factorization);
	cvm_field_count(fields, "factors", &payload->factors);
	cvm_field_count(fields, "user_inputs", &payload->user_inputs);
	middle = end_of_users(model, payload);
	cvm_field_number(fields, "mean", &payload->mean, false);
	cvm_field_matrix(fields, "user_factors", &payload->user_factors, users, payload->factors, false);
	cvm_field_numbers(fields, "user_biases", &payload->user_biases, users, false);
	cvm_field_matrix(fields, "item_factors", &payload->item_factors, items, payload->factors, false);
	cvm_field_numbers(fields, "item_biases", &payload->item_biases, items, false);
	cvm_field_matrix(fields, "user_newcomers", &payload->user_newcomers,
					 width_of_inputs(encoder, CVM_IDENTIFIERS, middle),
					 (size_t) payload->factors + 1, false);
	cvm_field_matrix(fields, "item_newcomers", &payload->item_newcomers,
					 width_of_inputs(encoder, middle, inputs), (size_t) payload->factors + 1, false);
	cvm_field_count(fields, "seen", &payload->seen);
	cvm_field_integers(fields, "seen_starts", &payload->seen_starts, users + 1);
	cvm_field_integers(fields, "seen_items", &payload->seen_items, payload->seen);
}

/* ---- check ---- */

static bool
are_finite(const double *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (i % 65536 == 0)
			cvm_check_interrupt();
		if (!isfinite(numbers[i]))
			return false;
	}
	return true;
}

static CvmStatus
check_seen(const CvmFactorizationPayload *payload, int users, int items, CvmError *error)
{
	const int32_t *starts = payload->seen_starts;

	if (starts == NULL || (payload->seen > 0 && payload->seen_items == NULL))
		return BAD("the pairs that have met are missing");
	if (starts[0] != 0 || starts[users] != payload->seen)
		return BAD("the pairs that have met do not add up");
	for (int user = 0; user < users; user++)
	{
		if (user % 4096 == 0)
			cvm_check_interrupt();
		if (starts[user + 1] < starts[user] || starts[user + 1] > payload->seen)
			return BAD("the pairs of user %d are out of order", user + 1);
		for (int i = starts[user]; i < starts[user + 1]; i++)
			if (payload->seen_items[i] < 0 || payload->seen_items[i] >= items ||
				(i > starts[user] && payload->seen_items[i] <= payload->seen_items[i - 1]))
				return BAD("the items of user %d are out of order", user + 1);
	}
	return CVM_OK;
}

CvmStatus
cvm_factorization_check(const CvmModel *model, CvmError *error)
{
	const CvmFactorizationPayload *payload = (const CvmFactorizationPayload *) model->payload;
	const CvmEncoder *encoder = &model->encoder;
	int			users = subjects_of(encoder, 0);
	int			items = subjects_of(encoder, 1);
	int			middle = end_of_users(model, payload);
	size_t		width = (size_t) payload->factors + 1;
	int64_t		user_width;
	int64_t		item_width;

	if (encoder->input_count < CVM_IDENTIFIERS ||
		encoder->inputs[0].kind != CVM_INPUT_IDENTIFIER ||
		encoder->inputs[1].kind != CVM_INPUT_IDENTIFIER)
		return BAD("its first two inputs are no identifiers");
	for (int i = CVM_IDENTIFIERS; i < encoder->input_count; i++)
		if (encoder->inputs[i].kind == CVM_INPUT_IDENTIFIER)
			return BAD("input %d is an identifier", i + 1);
	if (users < 1 || items < 1)
		return BAD("it has no users or no items");
	if ((payload->factorization == CVM_FACTORIZATION_ALS) != (model->task == CVM_REGRESSION) ||
		payload->factorization == CVM_FACTORIZATION_AUTO)
		return BAD("its factorization does not fit its task");
	if (payload->factors < 1 || payload->user_inputs > encoder->input_count - CVM_IDENTIFIERS)
		return BAD("it has no factors, or too many inputs describe a user");
	user_width = width_of_inputs(encoder, CVM_IDENTIFIERS, middle);
	item_width = width_of_inputs(encoder, middle, encoder->input_count);
	if ((users + items + user_width + item_width) * (int64_t) width > CVM_MODEL_MAX_COEFFICIENTS)
		return cvm_fail(error, CVM_LIMIT, "a model has at most %d coefficients",
						CVM_MODEL_MAX_COEFFICIENTS);
	if (payload->user_factors == NULL || payload->user_biases == NULL ||
		payload->item_factors == NULL || payload->item_biases == NULL ||
		payload->user_newcomers == NULL || payload->item_newcomers == NULL)
		return BAD("the factors are missing");
	if (!isfinite(payload->mean) ||
		!are_finite(payload->user_factors, (size_t) users * payload->factors) ||
		!are_finite(payload->user_biases, users) ||
		!are_finite(payload->item_factors, (size_t) items * payload->factors) ||
		!are_finite(payload->item_biases, items) ||
		!are_finite(payload->user_newcomers, user_width * width) ||
		!are_finite(payload->item_newcomers, item_width * width))
		return BAD("a factor is not finite");
	return check_seen(payload, users, items, error);
}

/* ---- the view ---- */

void
cvm_factorization_view(const CvmModel *model, CvmRecommender *recommender)
{
	const CvmFactorizationPayload *payload = (const CvmFactorizationPayload *) model->payload;
	const CvmEncoder *encoder = &model->encoder;
	int			middle = end_of_users(model, payload);

	recommender->layout = cvm_pair_layout(encoder);
	recommender->items = (CvmItemVectors)
	{
		.items = recommender->layout.items,.width = payload->factors,
			.factors = payload->item_factors,.biases = payload->item_biases
	};
	recommender->mean = payload->mean;
	recommender->user_factors = payload->user_factors;
	recommender->user_biases = payload->user_biases;
	recommender->seen_starts = payload->seen > 0 ? payload->seen_starts : NULL;
	recommender->seen_items = payload->seen_items;
	recommender->user_inputs = middle - CVM_IDENTIFIERS;
	recommender->user_attributes = cvm_attributes_of_inputs(encoder, CVM_IDENTIFIERS, middle);
	recommender->item_attributes = cvm_attributes_of_inputs(encoder, middle, encoder->input_count);
	recommender->user_newcomers = payload->user_newcomers;
	recommender->item_newcomers = payload->item_newcomers;
}
