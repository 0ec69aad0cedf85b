/*
 * panel_tile.h
 *		The inner loop of the cross product, for one width of vectors.
 *
 * Included by panel.c once for each: LANES doubles a vector, WIDE vectors by
 * TILE columns in registers, TARGET the function attribute, NAME(x) the name
 * of x in this width.  Every element is a sum over rows in their order, so that
 * the width shows in the time only.
 */
typedef double NAME(Lanes) __attribute__((vector_size(LANES * sizeof(double))));
typedef double NAME(LoadLanes) __attribute__((vector_size(LANES * sizeof(double)),
											  aligned(sizeof(double)), may_alias));

/*
 * Adds the elements [from_i, from_i + vectors * LANES) of columns [from_j,
 * from_j + count_j), as far as they are in the upper triangle; vectors <= WIDE,
 * count_j <= TILE.  scaled holds h x, with rows of scaled_stride, and may be
 * read past the end of a row.  Inlined for each number of vectors.
 */
TARGET static inline __attribute__((always_inline)) void
NAME(add_tile) (const int vectors, int rows, int columns, const double *x,
				const double *scaled, int scaled_stride, int from_i, int from_j,
				int count_j, const int *positions, double *a, size_t leading)
{
	NAME(Lanes) sums[TILE][WIDE];
	double		out[TILE][WIDE * LANES];

	for (int j = 0; j < TILE; j++)
		for (int v = 0; v < vectors; v++)
			sums[j][v] = (NAME(Lanes)) {0};
	x += from_j;
	scaled += from_i;
	if (count_j == TILE)
		for (int row = 0; row < rows; row++)
		{
			NAME(Lanes) right[WIDE];

			for (int v = 0; v < vectors; v++)
				right[v] = *(const NAME(LoadLanes) *) (scaled + v * LANES);
			for (int j = 0; j < TILE; j++)
				for (int v = 0; v < vectors; v++)
					sums[j][v] += x[j] * right[v];
			x += columns;
			scaled += scaled_stride;
		}
	else
		for (int row = 0; row < rows; row++)
		{
			for (int j = 0; j < count_j; j++)
				for (int v = 0; v < vectors; v++)
					sums[j][v] += x[j] * *(const NAME(LoadLanes) *) (scaled + v * LANES);
			x += columns;
			scaled += scaled_stride;
		}
	for (int j = 0; j < TILE; j++)
		memcpy(out[j], sums[j], vectors * LANES * sizeof(double));
	for (int j = 0; j < count_j; j++)
	{
		double	   *column = a + positions[from_j + j] * leading;
		int			count = from_j + j - from_i + 1;

		if (count > vectors * LANES)
			count = vectors * LANES;
		for (int i = 0; i < count; i++)
			column[positions[from_i + i]] += out[j][i];
	}
}

TARGET static void
NAME(add_tiles) (int rows, int columns, const double *x, const double *scaled,
				 int scaled_stride, const int *positions, double *a, size_t leading)
{
	for (int j = 0; j < columns; j += TILE)
	{
		int			count = columns - j < TILE ? columns - j : TILE;

		for (int i = 0; i < j + count; i += WIDE * LANES)
		{
			/* no more vectors than reach the diagonal */
			int			vectors = (j + count - i + LANES - 1) / LANES;

			if (vectors >= WIDE)
				NAME(add_tile) (WIDE, rows, columns, x, scaled, scaled_stride, i, j, count,
								positions, a, leading);
			else if (vectors == 2)
				NAME(add_tile) (2, rows, columns, x, scaled, scaled_stride, i, j, count,
								positions, a, leading);
			else
				NAME(add_tile) (1, rows, columns, x, scaled, scaled_stride, i, j, count,
								positions, a, leading);
		}
	}
}

#undef NAME
#undef LANES
#undef WIDE
#undef TILE
#undef TARGET
