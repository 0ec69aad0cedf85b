/*
 * access.h
 *		SQL on cvm's own tables, with the rights of their owner.
 *
 * People have no privileges on the catalog tables.  Functions that change
 * them first check the caller (registry.h), then run fixed, fully qualified
 * statements as the owner of the tables, as foreign-key triggers do.  Text
 * from users never becomes part of such a statement, only a parameter.
 */
#ifndef CVM_ACCESS_H
#define CVM_ACCESS_H

#include "postgres.h"
#include "executor/spi.h"

/*
 * Runs one statement as the owner of cvm.model_registry with search_path
 * pg_catalog; SPI must be connected.  Result as SPI_execute_with_args;
 * nulls: 'n' marks NULL, or NULL when there is none.  Read-only statements
 * (read_only true) use the active snapshot.
 */
extern int	cvm_catalog_execute(const char *statement, int argument_count,
								Oid *types, Datum *values, const char *nulls,
								bool read_only);

/*
 * Tells every session that names, versions or privileges of models changed:
 * a relation-cache invalidation of cvm.model_registry, sent at commit, on
 * which plans with predict() and the backend's model cache depend.
 */
extern void cvm_catalog_changed(void);

/* A value of the last result; column counts from 1.  integer: 0 for NULL. */
extern char *cvm_catalog_text(int row, int column);
extern Datum cvm_catalog_datum(int row, int column, bool *isnull);
extern int	cvm_catalog_integer(int row, int column);

#endif							/* CVM_ACCESS_H */
