/*
 * replay.c
 *		Runs a fuzz target without libFuzzer: on its seeds, on their mutations,
 *		always the same ones, and on files that once crashed.
 *
 *	  replay [file ...]			tests; ends with "N passed, N failed"
 *	  replay --seeds directory	writes the seeds for libFuzzer to start from
 *
 * Each group of inputs runs in a process of its own, so that a crash counts
 * as one failure and the rest is still tried.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/random.h"
#include "fuzz.h"

#define RANDOM_MUTATIONS 8000
#define MOST_CHANGES 8

static int	passed;
static int	failed;

static const uint32_t forged_values[] = {
	0, 1, 2, 7, 255, 65536, 0x00ffffff, 0x7fffffff, 0x80000000u, 0xffffffffu
};

#define FORGED_VALUES ((int) (sizeof(forged_values) / sizeof(forged_values[0])))

static void
put_u32(uint8_t *place, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		place[i] = (uint8_t) (value >> (8 * i));
}

/* A copy of exactly this length, so that a sanitizer sees every overrun. */
static void
run(const uint8_t *bytes, size_t length)
{
	uint8_t    *copy = malloc(length ? length : 1);

	memcpy(copy, bytes, length);
	(void) LLVMFuzzerTestOneInput(copy, length);
	free(copy);
}

static void
run_as_is(uint8_t *bytes, size_t length)
{
	run(bytes, length);
}

static void
run_truncations(uint8_t *bytes, size_t length)
{
	for (size_t shorter = 0; shorter < length; shorter++)
		run(bytes, shorter);
}

static void
run_bit_flips(uint8_t *bytes, size_t length)
{
	for (size_t bit = 0; bit < length * 8; bit++)
	{
		bytes[bit / 8] ^= 1 << bit % 8;
		run(bytes, length);
		bytes[bit / 8] ^= 1 << bit % 8;
	}
}

static void
run_forged_counts(uint8_t *bytes, size_t length)
{
	for (size_t offset = 0; offset + 4 <= length; offset += 2)
		for (int i = 0; i < FORGED_VALUES; i++)
		{
			uint8_t		kept[4];

			memcpy(kept, bytes + offset, 4);
			put_u32(bytes + offset, forged_values[i]);
			run(bytes, length);
			memcpy(bytes + offset, kept, 4);
		}
}

/* Several changes at once: bytes, counts, a piece copied over another, a cut. */
static void
run_random(uint8_t *bytes, size_t length)
{
	uint8_t    *mutant = malloc(length);
	CvmRandom	random;

	cvm_random_seed(&random, 20240607);
	for (int i = 0; i < RANDOM_MUTATIONS; i++)
	{
		int			changes = 1 + (int) cvm_random_below(&random, MOST_CHANGES);
		size_t		end = length;

		memcpy(mutant, bytes, length);
		while (changes-- > 0)
		{
			size_t		from = cvm_random_below(&random, length - 8);
			size_t		to = cvm_random_below(&random, length - 8);

			switch (cvm_random_below(&random, 5))
			{
				case 0:
					mutant[to] = (uint8_t) cvm_random_next(&random);
					break;
				case 1:
					put_u32(mutant + to, forged_values[cvm_random_below(&random, FORGED_VALUES)]);
					break;
				case 2:
					memmove(mutant + to, mutant + from, 1 + cvm_random_below(&random, 8));
					break;
				case 3:
					put_u32(mutant + to, (uint32_t) cvm_random_below(&random, 100));
					break;
				case 4:
					end = cvm_random_below(&random, 20) == 0 ? to : end;
					break;
			}
		}
		run(mutant, end);
	}
	free(mutant);
}

/* Runs a group in a child and counts how it ended. */
static void
run_group(const char *name, void (*group) (uint8_t *bytes, size_t length),
		  uint8_t *bytes, size_t length)
{
	pid_t		child;
	int			status;

	fflush(NULL);
	child = fork();
	if (child == 0)
	{
		group(bytes, length);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
	{
		printf("failed: %s\n", name);
		failed++;
	}
	else
		passed++;
}

static void
run_seed(int index, const CvmWriter *seed)
{
	static const struct
	{
		const char *name;
		void		(*group) (uint8_t *bytes, size_t length);
	}			groups[] = {
		{"as it is", run_as_is}, {"truncations", run_truncations},
		{"bit flips", run_bit_flips}, {"forged counts", run_forged_counts},
		{"random mutations", run_random}
	};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
	{
		char		name[100];

		snprintf(name, sizeof(name), "seed %d, %s", index, groups[i].name);
		run_group(name, groups[i].group, seed->bytes, seed->length);
	}
}

static void
run_file(const char *path)
{
	FILE	   *file = fopen(path, "rb");
	uint8_t    *bytes;
	long		length;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0)
	{
		printf("failed: cannot read %s\n", path);
		failed++;
		return;
	}
	rewind(file);
	bytes = malloc(length + 1);
	length = (long) fread(bytes, 1, length, file);
	fclose(file);
	run_group(path, run_as_is, bytes, length);
	free(bytes);
}

static int
write_seeds(const char *directory)
{
	CvmWriter	seed;

	for (int index = 0; fuzz_seed(index, &seed); index++)
	{
		char		path[1000];
		FILE	   *file;

		snprintf(path, sizeof(path), "%s/seed_%d", directory, index);
		file = fopen(path, "wb");
		if (file == NULL || fwrite(seed.bytes, 1, seed.length, file) != seed.length ||
			fclose(file) != 0)
		{
			perror(path);
			return 1;
		}
	}
	return 0;
}

int
main(int argc, char **argv)
{
	CvmWriter	seed;

	if (argc == 3 && strcmp(argv[1], "--seeds") == 0)
		return write_seeds(argv[2]);

	for (int index = 0; fuzz_seed(index, &seed); index++)
		run_seed(index, &seed);
	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0;
}
