/*
 * test_distribution.c
 *		p-values against scipy.stats 1.10.1: 2 * t.sf(t, v), 2 * norm.sf(z),
 *		chi2.sf(x, v), special.kolmogorov(d).
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

static const double chi_squared[][3] = {
	{0.5, 1, 0.47950012218695337},
	{3.84, 1, 0.05004352124870519},
	{10, 3, 0.01856613546304325},
	{0.001, 2, 0.9995001249791693},
	{50, 10, 2.669083424904495e-07},
	{200, 10, 1.6139305336977317e-37},
	{90, 100, 0.7531979655998298},
	{150, 100, 0.0009039320423540184},
	{1200, 1000, 1.2255942330622893e-05},
	{0.001, 0.5, 0.8350402492315872},
	{700, 4, 3.4852862290889247e-150}
};

/* The limit distribution, without the correction for few rows. */
static const double kolmogorov[][2] = {
	{0.3, 0.9999906941986655},
	{0.5, 0.9639452436648751},
	{0.8, 0.5441424115741981},
	{1.0, 0.26999967167735456},
	{1.36, 0.049485876755377876},
	{2, 0.0006709252557796953},
	{4, 2.532833109818835e-14}
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

	for (size_t i = 0; i < sizeof(chi_squared) / sizeof(chi_squared[0]); i++)
		CHECK_CLOSE(cvm_chi_squared_tail(chi_squared[i][0], chi_squared[i][1]) / chi_squared[i][2], 1, 1e-10);
	CHECK(cvm_chi_squared_tail(0, 3) == 1 && cvm_chi_squared_tail(INFINITY, 3) == 0);
	CHECK(isnan(cvm_chi_squared_tail(NAN, 3)) && isnan(cvm_chi_squared_tail(1, 0)));
	for (size_t i = 0; i < sizeof(kolmogorov) / sizeof(kolmogorov[0]); i++)
		CHECK_CLOSE(cvm_kolmogorov_tail(kolmogorov[i][0] / (100 + 0.12 + 0.0011), 10000) / kolmogorov[i][1], 1, 1e-9);
	CHECK(cvm_kolmogorov_tail(0, 100) == 1 && cvm_kolmogorov_tail(1, 1000) < 1e-300);
	CHECK(isnan(cvm_kolmogorov_tail(NAN, 10)) && isnan(cvm_kolmogorov_tail(0.1, 0)));
	return check_done();
}
