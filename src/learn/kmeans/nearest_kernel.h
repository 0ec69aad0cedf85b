/*
 * nearest_kernel.h
 *		The nearest centers of a tile of rows, for one width of vectors.
 *
 * Included by nearest.c once for each: LANES doubles a vector, CENTERS at a
 * time in registers, TARGET the function attribute, NAME(x) the name of x in
 * this width.  Every product is a sum over columns in their order, so that the
 * width shows in the time only.
 */
#define VECTORS (CVM_TILE_ROWS / LANES)

typedef double NAME(Lanes) __attribute__((vector_size(LANES * sizeof(double))));
typedef double NAME(LoadLanes) __attribute__((vector_size(LANES * sizeof(double)),
											  aligned(sizeof(double)), may_alias));
typedef int64_t NAME(Mask) __attribute__((vector_size(LANES * sizeof(double))));

/* The first of two where mask is set, else the second. */
#define SELECT(type, mask, yes, no) \
	((type) (((mask) & (NAME(Mask)) (yes)) | (~(mask) & (NAME(Mask)) (no))))

/*
 * Compares the tile with the centers from "first" on; count, a constant where
 * this is called, is the number of them.
 */
TARGET static inline __attribute__((always_inline)) void
NAME(compare) (const int count, int width, const double *tile, const double *centers,
			   const double *center_squares, int first, NAME(Lanes) *least, NAME(Mask) *nearest)
{
	NAME(Lanes) products[CENTERS][VECTORS];

	centers += (size_t) first * width;
	for (int k = 0; k < count; k++)
		for (int v = 0; v < VECTORS; v++)
			products[k][v] = (NAME(Lanes)) {0};
	for (int j = 0; j < width; j++)
	{
		const NAME(LoadLanes) *column = (const NAME(LoadLanes) *) (tile + (size_t) j * CVM_TILE_ROWS);

		for (int k = 0; k < count; k++)
			for (int v = 0; v < VECTORS; v++)
				products[k][v] += column[v] * centers[(size_t) k * width + j];
	}
	for (int k = 0; k < count; k++)
		for (int v = 0; v < VECTORS; v++)
		{
			NAME(Lanes) distance = center_squares[first + k] - 2 * products[k][v];
			NAME(Mask) nearer = distance < least[v];
			NAME(Mask) index = (NAME(Mask)) {0} + (first + k);

			least[v] = SELECT(NAME(Lanes), nearer, distance, least[v]);
			nearest[v] = SELECT(NAME(Mask), nearer, index, nearest[v]);
		}
}

/* Squared distances and indexes of the nearest centers of a tile's rows. */
TARGET static void
NAME(find_nearest) (int width, const double *tile, const double *centers,
					const double *center_squares, int segments, int64_t *nearest,
					double *distances)
{
	const NAME(Lanes) zero = {0};
	NAME(Lanes) least[VECTORS];
	NAME(Lanes) squares[VECTORS];
	NAME(Mask) indexes[VECTORS];
	int			first = 0;

	for (int v = 0; v < VECTORS; v++)
	{
		least[v] = zero + INFINITY;
		squares[v] = zero;
		indexes[v] = (NAME(Mask)) {0};
	}
	for (; first + CENTERS <= segments; first += CENTERS)
		NAME(compare) (CENTERS, width, tile, centers, center_squares, first, least, indexes);
	for (; first < segments; first++)
		NAME(compare) (1, width, tile, centers, center_squares, first, least, indexes);
	for (int j = 0; j < width; j++)
		for (int v = 0; v < VECTORS; v++)
		{
			NAME(Lanes) column = ((const NAME(LoadLanes) *) (tile + (size_t) j * CVM_TILE_ROWS))[v];

			squares[v] += column * column;
		}
	for (int v = 0; v < VECTORS; v++)
	{
		NAME(Lanes) distance = least[v] + squares[v];

		distance = SELECT(NAME(Lanes), distance > zero, distance, zero);
		memcpy(distances + v * LANES, &distance, sizeof(distance));
		memcpy(nearest + v * LANES, &indexes[v], sizeof(indexes[v]));
	}
}

#undef NAME
#undef LANES
#undef VECTORS
#undef CENTERS
#undef TARGET
#undef SELECT
