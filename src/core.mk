# The files of the numeric core, below $(ROOT): they compile without
# PostgreSQL.  Included by the Makefile, test/unit and test/fuzz.

# In src/model and src/agg those that do not include the server.
CORE = $(sort $(wildcard $(addprefix $(ROOT)src/,base/*.c linalg/*.c encode/*.c learn/*.c learn/*/*.c)) \
	$(shell grep -L '"postgres.h"' $(ROOT)src/model/*.c $(ROOT)src/model/*/*.c $(ROOT)src/agg/*.c))

# None changes a value: sums and products are rounded one by one on every
# processor, and loops are vectorized although a comparison could set a flag
# of the floating-point unit, or a square root errno, that nobody reads.
CORE_CFLAGS = -ffp-contract=off -fno-trapping-math -fno-math-errno
