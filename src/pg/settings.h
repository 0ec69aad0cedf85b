/*
 * settings.h
 *		The cvm.* settings (GUCs).
 */
#ifndef CVM_SETTINGS_H
#define CVM_SETTINGS_H

#include "postgres.h"

extern int	cvm_train_memory;	/* kB; cvm.train_memory, default 256MB */
extern int	cvm_max_retrain_workers;	/* cvm.max_retrain_workers, default 2 */
extern int	cvm_scheduler_interval; /* ms between looks; cvm.scheduler_interval */
extern bool cvm_rewrite_predict;	/* cvm.rewrite_predict: planner rewrite, default on */

extern void cvm_define_settings(void);

#endif							/* CVM_SETTINGS_H */
