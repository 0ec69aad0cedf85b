# cvm: customer value maximization, a PostgreSQL extension
#
#   make demo     customers scored by a model that keeps itself fresh
#   make check    every test, in a private cluster
#   make, make install, make installcheck, make clean, make uninstall: as PGXS

# demo, demo-stop, check and bench install what is missing and use a private cluster.
HOUSE_GOALS = demo demo-stop check bench
ifneq ($(filter $(HOUSE_GOALS),$(MAKECMDGOALS)),)

.PHONY: $(HOUSE_GOALS)
$(HOUSE_GOALS):
	@PG_CONFIG="$(or $(PG_CONFIG),pg_config)" test/run/$@.sh

else

EXTENSION = cvm
MODULE_big = cvm
EXTENSION_VERSION = 1.0

include src/core.mk
GLUE_DIRS = src/model src/model/segments src/model/learners src/frame src/agg src/metrics src/score src/catalog src/worker src/pg
SRCS = $(sort $(CORE) $(wildcard $(GLUE_DIRS:%=%/*.c)))
OBJS = $(SRCS:.c=.o)

# The install script is its parts in order.
SQL_PARTS = $(sort $(wildcard sql/parts/*.sql))
DATA_built = sql/cvm--$(EXTENSION_VERSION).sql
DATA = $(filter-out $(DATA_built),$(wildcard sql/cvm--*--*.sql))

PG_CPPFLAGS = -Isrc
PG_CFLAGS = -O3 $(CORE_CFLAGS) -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers -fno-semantic-interposition -MMD -MP $(EXTRA_CFLAGS)
# The serial OpenBLAS: a server process must not gain threads.
OPENBLAS_LIBDIR ?= $(firstword $(wildcard /usr/lib/*/openblas-serial))
SHLIB_LINK = -Wl,-Bsymbolic-functions $(if $(OPENBLAS_LIBDIR),-L$(OPENBLAS_LIBDIR) -Wl$(comma)-rpath$(comma)$(OPENBLAS_LIBDIR)) -lopenblas -lm
comma = ,

REGRESS = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --encoding=UTF8 --load-extension=cvm
ISOLATION = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --load-extension=cvm
EXTRA_CLEAN = $(SRCS:.c=.d) $(SRCS:.c=.bc) results output_iso test/unit/run test/fuzz/run

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

sql/cvm--$(EXTENSION_VERSION).sql: $(SQL_PARTS)
	cat $^ > $@

-include $(SRCS:.c=.d)

endif
