/* What the generated rules stand on: the primitives of Python that C has not, or has with other bits. */

#define RULE static inline

/* Python's hypot is not the C library's, and differs between versions: ask Python itself. */
static PyObject *math_hypot, *math_gamma, *math_lgamma;

static double python_call(PyObject *function, double a, double b, int count) {
    PyObject *arguments[2] = {PyFloat_FromDouble(a), PyFloat_FromDouble(b)}, *result = NULL;
    if (arguments[0] && arguments[1]) result = PyObject_Vectorcall(function, arguments, count, NULL);
    double out = result ? PyFloat_AsDouble(result) : NAN;
    if (!result) PyErr_Clear(); /* nan sends the operation to the Python that raises */
    Py_XDECREF(result), Py_XDECREF(arguments[0]), Py_XDECREF(arguments[1]);
    return out;
}

RULE double python_hypot(double a, double b) { return python_call(math_hypot, a, b, 2); }
RULE double python_gamma(double a) { return python_call(math_gamma, a, 0.0, 1); }
RULE double python_lgamma(double a) { return python_call(math_lgamma, a, 0.0, 1); }

RULE double op_step(double a) { return a > 0.0 ? 1.0 : a <= 0.0 ? 0.0 : a; }
RULE double op_maximum(double a, double b) { return a > b || a != a ? a : b; }
RULE double op_minimum(double a, double b) { return a < b || a != a ? a : b; }
RULE double op_abs(double a) { return fabs(a); }

/* exp(0) is exactly 1, and half of all stable forms ask for it. */
RULE double op_exp(double a) { return a == 0.0 ? 1.0 : exp(a); }

/* The remainder has the sign of the divisor. By 0 there is none, which 0 / 0 says, and raises the processor's flag. */
RULE double op_mod(double a, double b) {
    double rest = fmod(a, b);
    if (b == 0.0) return 0.0 / b;
    if (rest == 0.0) return copysign(0.0, b);
    return (rest < 0.0) != (b < 0.0) ? rest + b : rest;
}

RULE double op_floordiv(double a, double b) {
    double rest = fmod(a, b), quotient = (a - rest) / b;
    if (b == 0.0) return 0.0 / b;
    if (rest != 0.0 && (rest < 0.0) != (b < 0.0)) quotient -= 1.0;
    if (quotient == 0.0) return copysign(0.0, a / b);
    double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1.0 : whole;
}

/* What a square asks for its slope, and whether b - 1 was rounded. */
RULE double op_pow(double a, double b) { return b == 1.0 ? a : b == 0.0 ? 1.0 : pow(a, b); }

/* To the nearest whole number, the even one of two. */
RULE double op_round(double a) { return rint(a); }

/* The slopes of lgamma, as numerics.py computes them, to the bit. */
RULE double raised(double a, int n) {
    double out = a;
    while (--n > 0) out *= a;
    return out;
}

/* A sum and what rounding took from it. */
typedef struct { double total, rest; } Sum;

RULE void sum_add(Sum *sum, double term) {
    double longer = sum->total + term;
    sum->rest += fabs(sum->total) >= fabs(term) ? (sum->total - longer) + term : (term - longer) + sum->total;
    sum->total = longer;
}

/* The cotangent differentiated n times, a polynomial in itself. */
RULE double cotangent_slope(double cotangent, int n) {
    double factors[24] = {0.0, 1.0}, slope[24] = {0.0}, out = 0.0;
    for (int degree = 2; degree < n + 2; degree++) {
        for (int k = 0; k < degree; k++) slope[k] = (k + 1) * factors[k + 1];
        for (int k = 0; k <= degree; k++) factors[k] = -((k < degree ? slope[k] : 0.0) + (k > 1 ? slope[k - 2] : 0.0));
    }
    for (int k = n + 1; k >= 0; k--) out = out * cotangent + factors[k];
    return out;
}

static double op_digamma(double a, double order) {
    static const double bernoulli[] = {1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6};
    if (!(0.0 <= order && order <= 20.0) || order != floor(order)) return NAN;
    int n = (int)order;
    if (a <= 0.0 && a == floor(a)) return a != 0.0 ? NAN : n % 2 ? INFINITY : copysign(INFINITY, -a);
    if (!isfinite(a)) return isnan(a) || !n ? a : 0.0;
    if (a < 0.0) {
        double mirrored = op_digamma(1.0 - a, order), cotangent = 1.0 / tan(3.141592653589793 * (a - rint(a)));
        double out = (n % 2 ? -mirrored : mirrored) - raised(3.141592653589793, n + 1) * cotangent_slope(cotangent, n);
        return isfinite(out) ? out : a <= -1.0 ? NAN : n % 2 ? INFINITY : copysign(INFINITY, -a);
    }
    Sum sum = {0.0, 0.0};
    double whole = 1.0, far = a;
    for (int j = 2; j <= n; j++) whole *= j;
    for (int k = 1; far < 16.0 + n; far = a + k++) sum_add(&sum, n ? whole / raised(far, n + 1) : -1.0 / far);
    sum_add(&sum, n ? whole / n / raised(far, n) : log(far));
    sum_add(&sum, (n ? 0.5 * whole : -0.5) / (n ? raised(far, n + 1) : far));
    for (int i = 1; i <= 7; i++) {
        double ratio = n ? 1.0 : -1.0 / (2 * i);
        for (int j = 2 * i + 1; j < 2 * i + n; j++) ratio *= j;
        sum_add(&sum, bernoulli[i - 1] * ratio / raised(far, 2 * i + n));
    }
    double total = sum.total + sum.rest;
    if (!isfinite(total)) return n % 2 ? INFINITY : copysign(INFINITY, -a); /* next to 0 */
    return n == 0 || n % 2 ? total : -total;
}
