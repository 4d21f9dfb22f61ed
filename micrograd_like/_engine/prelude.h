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
