/*
 * test_distribution.c
 *		p-values against scipy.stats 1.10.1: 2 * t.sf(t, v), 2 * norm.sf(z).
 */
#include "check.h"

#include "base/distribution.h"

static const double student[][3] = {
	{0.001, 1, 0.9993633804398389},
	{1, 1, 0.5},
	{12.706204736432095, 1, 0.0499999999989913},
	{0.5, 2.5, 0.6576979198697148},
	{2, 3, 0.1393259685588431},
	{1.96, 10, 0.07843624024769974},
	{4, 30, 0.0003818456360837564},
	{8, 63.5, 3.3905664059186453e-11},
	{2.5, 100, 0.014045789124077166},
	{30, 100, 8.380332558688336e-52},
	{1.96, 19999, 0.050009655691688484},
	{1.96, 20001, 0.05000965430519171},
	{5, 20001, 5.781511715414476e-07},
	{1.96, 1000000, 0.04999606758526978},
	{4, 1000000000, 6.334248821646784e-05}
};

static const double normal[][2] = {
	{0, 1},
	{0.5, 0.6170750774519738},
	{1.959963984540054, 0.05},
	{5, 5.733031437583866e-07},
	{10, 1.523970604832094e-23},
	{37, 1.1451142445047853e-299}
};

int
main(void)
{
	for (size_t i = 0; i < sizeof(student) / sizeof(student[0]); i++)
	{
		CHECK_CLOSE(cvm_student_two_sided(student[i][0], student[i][1]) / student[i][2], 1, 1e-10);
		CHECK(cvm_student_two_sided(-student[i][0], student[i][1]) ==
			  cvm_student_two_sided(student[i][0], student[i][1]));
	}
	for (size_t i = 0; i < sizeof(normal) / sizeof(normal[0]); i++)
		CHECK_CLOSE(cvm_normal_two_sided(-normal[i][0]) / normal[i][1], 1, 1e-10);

	CHECK(cvm_student_two_sided(0, 5) == 1);
	CHECK(cvm_student_two_sided(1e-200, 5) == 1);
	CHECK(cvm_student_two_sided(INFINITY, 5) == 0);
	CHECK(cvm_student_two_sided(1e300, 5) == 0);
	CHECK(isnan(cvm_student_two_sided(NAN, 5)));
	CHECK(isnan(cvm_student_two_sided(1, 0)));
	CHECK(isnan(cvm_student_two_sided(1, NAN)));
	CHECK(isnan(cvm_normal_two_sided(NAN)));
	return check_done();
}
