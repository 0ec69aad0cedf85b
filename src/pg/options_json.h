/*
 * options_json.h
 *		Training options from and to jsonb.
 */
#ifndef CVM_OPTIONS_JSON_H
#define CVM_OPTIONS_JSON_H

#include "postgres.h"
#include "utils/jsonb.h"
#include "learn/options.h"

/* Overwrites the options that the object names; unknown names and values
 * out of range are errors with a hint, which may name those of the algorithm
 * (NULL: none in particular).  json NULL: nothing to do. */
extern void cvm_options_apply_json(CvmOptions *options, Jsonb *json, const char *algorithm);

#endif							/* CVM_OPTIONS_JSON_H */
