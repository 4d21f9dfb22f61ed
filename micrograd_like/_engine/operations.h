/* What operands are, how nodes are made, and every operation of the table as number sign, method and function. */

/* ---- kinds of operands ---- */

enum { OTHER, PLAIN, VALUE };

static int meets_known(PyTypeObject *type) {
    if (!PyType_IsSubtype(type, ValueType)) return 0;
    PyObject *own = PyObject_GetAttr((PyObject *)type, str_apply), *ours = PyObject_GetAttr((PyObject *)ValueType, str_apply);
    int same = own && own == ours;
    Py_XDECREF(own), Py_XDECREF(ours);
    PyErr_Clear();
    if (same) {
        Py_INCREF(type);
        Py_XSETREF(known, type);
    }
    return same;
}

INLINE int is_value(PyObject *x) {
    PyTypeObject *type = Py_TYPE(x);
    return type == ValueType || type == ConstantType || type == known;
}

static int other_kind(PyObject *x, double *number) {
    if (PyLong_CheckExact(x) || PyBool_Check(x)) {
        *number = PyLong_AsDouble(x);
        if (*number != -1.0 || !PyErr_Occurred()) return PLAIN;
        PyErr_Clear();
        return OTHER;
    }
    if (!meets_known(Py_TYPE(x))) return OTHER;
    *number = ((Node *)x)->data;
    return VALUE;
}

INLINE int kind(PyObject *x, double *number) {
    if (LIKELY(is_value(x))) {
        *number = ((Node *)x)->data;
        return VALUE;
    }
    if (LIKELY(PyFloat_CheckExact(x))) {
        *number = PyFloat_AS_DOUBLE(x);
        return PLAIN;
    }
    return other_kind(x, number);
}

static inline int any_value(PyObject *x) { return is_value(x) || PyObject_TypeCheck(x, ValueType); }

/* x.constant, which a subclass or a learner may have set. */
static int is_constant(Node *x) {
    if (Py_TYPE(x) == ConstantType) return 1;
    if (Py_TYPE(x) == ValueType && !(attic_of(x) && attic_of(x)->own)) return 0;
    PyObject *constant = PyObject_GetAttr((PyObject *)x, str_constant);
    int is = constant ? PyObject_IsTrue(constant) : -1;
    Py_XDECREF(constant);
    return is;
}

/* ---- making nodes ---- */

INLINE Node *node_new(PyTypeObject *type) {
    Node *node = pool_take();
    if (UNLIKELY(!node)) return (Node *)PyErr_NoMemory();
#if defined(Py_REF_DEBUG) || defined(Py_TRACE_REFS) || defined(Py_GIL_DISABLED)
    PyObject_Init((PyObject *)node, type);
#else
    memset(node, 0, sizeof(PyObject)); /* Py_SET_REFCNT leaves what looks immortal, and old memory may: from 3.12 on */
    ((PyObject *)node)->ob_refcnt = 1;
    Py_SET_TYPE((PyObject *)node, type);
    Py_INCREF(type);
#endif
    node->grad = 0.0;
    node->weak = NULL;
    return node;
}

INLINE Node *leaf_new(PyTypeObject *type, double data) {
    Node *node = node_new(type);
    if (UNLIKELY(!node)) return NULL;
    node->data = data;
    memset(&node->leaf, 0, sizeof(Attic));
    node->bits = tick() << 16;
    return node;
}

INLINE PyObject *node_of_1(int code, PyObject *a, double data, double slope) {
    Node *node = node_new(ValueType);
    if (UNLIKELY(!node)) return NULL;
    node->data = data;
    Py_INCREF(a);
    node->input[0] = (Node *)a, node->input[1] = NULL;
    node->slope[0] = slope, node->slope[1] = 0.0;
    node->bits = tick() << 16 | (uint64_t)code << 8;
    return (PyObject *)node;
}

/* Takes the references to its inputs. */
INLINE PyObject *node_of_2(int code, PyObject *a, PyObject *b, double data, double slope0, double slope1) {
    Node *node = node_new(ValueType);
    if (UNLIKELY(!node)) return Py_DECREF(a), Py_DECREF(b), NULL;
    node->data = data;
    node->input[0] = (Node *)a, node->input[1] = (Node *)b;
    node->slope[0] = slope0, node->slope[1] = slope1;
    node->bits = tick() << 16 | (uint64_t)code << 8;
    return (PyObject *)node;
}

/* ---- the operations ---- */

/* Do what engine.py does; a subclass may have an apply of its own. */
static PyObject *in_python(int code, PyObject *const *operands, Py_ssize_t count) {
    PyObject *arguments[4] = {NULL, ops[code]};
    for (Py_ssize_t i = count; i--;) {
        arguments[2 + i] = operands[i];
        if (any_value(operands[i])) arguments[0] = operands[i];
    }
    if (!arguments[0]) Py_RETURN_NOTIMPLEMENTED;
    PyTypeObject *type = Py_TYPE(arguments[0]);
    if (is_value(arguments[0]) || meets_known(type)) return PyObject_Vectorcall(pure_apply, arguments, 2 + count, NULL);
    return PyObject_VectorcallMethod(str_apply, arguments, 2 + count, NULL);
}

static PyObject *in_python_1(int code, PyObject *x) { return in_python(code, &x, 1); }

static PyObject *in_python_2(int code, PyObject *x, PyObject *y) {
    PyObject *operands[2] = {x, y};
    return in_python(code, operands, 2);
}

/* A plain number met a Value: it becomes a Constant, born first, and its slope 0. */
static PyObject *with_constant(int code, PyObject *x, PyObject *y, int kinds[2], double a, double b, double data,
                               double slope0, double slope1) {
    PyObject *inputs[2] = {x, y};
    double slopes[2] = {slope0, slope1}, numbers[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        int constant = kinds[i] == PLAIN ? 1 : is_constant((Node *)inputs[i]);
        if (constant < 0) return NULL;
        if (constant) slopes[i] = 0.0;
        else if (!isfinite(slopes[i])) return in_python_2(code, x, y);
    }
    for (int i = 0; i < 2; i++)
        if (kinds[i] == VALUE) Py_INCREF(inputs[i]);
        else if (!(inputs[i] = (PyObject *)leaf_new(ConstantType, numbers[i]))) {
            if (i) Py_DECREF(inputs[0]);
            return NULL;
        }
    return node_of_2(code, inputs[0], inputs[1], data, slopes[0], slopes[1]);
}

INLINE int all_finite(double a, double b, double c) { return isfinite(a) & isfinite(b) & isfinite(c); }

#define DEFINE_UNARY(name, gate, why)                                                    \
    static PyObject *value_##name(PyObject *x) {                                         \
        double a;                                                                        \
        if (UNLIKELY(kind(x, &a) != VALUE)) return in_python_1(CODE_##name, x);          \
        double out = op_##name(a), slope = slope0_##name(out, a);                        \
        if (UNLIKELY(!all_finite(out, slope, 0.0))) return in_python_1(CODE_##name, x);  \
        return node_of_1(CODE_##name, x, out, slope);                                    \
    }
#define DEFINE_BINARY(name, gate, why)                                                                  \
    static PyObject *value_##name(PyObject *x, PyObject *y) {                                           \
        double a = 0.0, b = 0.0;                                                                               \
        int kinds[2] = {kind(x, &a), kind(y, &b)};                                                      \
        if (LIKELY(kinds[0] == VALUE && kinds[1] == VALUE)) {                                           \
            double out = op_##name(a, b), slope0 = slope0_##name(out, a, b), slope1 = slope1_##name(out, a, b); \
            if (UNLIKELY(!all_finite(out, slope0, slope1))) return in_python_2(CODE_##name, x, y);      \
            Py_INCREF(x), Py_INCREF(y);                                                                 \
            return node_of_2(CODE_##name, x, y, out, slope0, slope1);                                   \
        }                                                                                               \
        if (kinds[0] + kinds[1] < PLAIN + VALUE || !kinds[0] || !kinds[1]) return in_python_2(CODE_##name, x, y); \
        double out = op_##name(a, b);                                                                   \
        if (UNLIKELY(!isfinite(out))) return in_python_2(CODE_##name, x, y);                            \
        double slope0 = kinds[0] == VALUE ? slope0_##name(out, a, b) : 0.0;                             \
        double slope1 = kinds[1] == VALUE ? slope1_##name(out, a, b) : 0.0;                             \
        return with_constant(CODE_##name, x, y, kinds, a, b, out, slope0, slope1);                      \
    }
EACH_OP(DEFINE_UNARY, DEFINE_BINARY)

/* x.tanh(), or x.tanh(too, many) for the error. */
#define DEFINE_METHOD_1(name, gate, why)                                                        \
    static PyObject *method_##name(PyObject *x, PyObject *const *rest, Py_ssize_t count) {      \
        return LIKELY(count == 0) ? value_##name(x) : called(CODE_##name, x, rest, count);      \
    }
#define DEFINE_METHOD_2(name, gate, why)                                                        \
    static PyObject *method_##name(PyObject *x, PyObject *const *rest, Py_ssize_t count) {      \
        return LIKELY(count == 1) ? value_##name(x, rest[0]) : called(CODE_##name, x, rest, count); \
    }
static PyObject *called(int code, PyObject *x, PyObject *const *rest, Py_ssize_t count) {
    PyObject **all = PyMem_New(PyObject *, count + 2), *result;
    if (!all) return PyErr_NoMemory();
    all[0] = ops[code], all[1] = x;
    memcpy(all + 2, rest, count * sizeof *rest);
    result = PyObject_Vectorcall(pure_call, all, count + 2, NULL);
    PyMem_Free(all);
    return result;
}
EACH_OP(DEFINE_METHOD_1, DEFINE_METHOD_2)

typedef PyObject *(*Unary)(PyObject *);
#define FUNCTION_1(name, gate, why) {.one = value_##name},
#define FUNCTION_2(name, gate, why) {.two = value_##name},
static const union { Unary one; binaryfunc two; } functions[] = {{NULL}, EACH_OP(FUNCTION_1, FUNCTION_2)};

/* The code of an Op object, ODD if it has none. */
static struct { PyObject *op; int code; } codes[512];

static int *code_slot(PyObject *op) {
    size_t i = ((uintptr_t)op >> 4) % 512;
    while (codes[i].op && codes[i].op != op) i = (i + 1) % 512;
    return codes[i].op = op, &codes[i].code;
}

static int code_of(PyObject *op) {
    size_t i = ((uintptr_t)op >> 4) % 512;
    while (codes[i].op && codes[i].op != op) i = (i + 1) % 512;
    return codes[i].op ? codes[i].code : ODD;
}

/* Apply an operation of the header to operands that it knows, or return NULL without an error. */
static PyObject *quick(PyObject *op, PyObject *const *operands, Py_ssize_t count) {
    int code = code_of(op), values = 0;
    double number;
    if (code == ODD || count != arity[code]) return NULL;
    for (Py_ssize_t i = 0; i < count; i++) {
        int k = kind(operands[i], &number);
        if (k == OTHER) return NULL;
        values += k == VALUE;
    }
    if (!values) return NULL;
    return count == 1 ? functions[code].one(operands[0]) : functions[code].two(operands[0], operands[1]);
}

static PyObject *value_apply(PyObject *self, PyObject *const *arguments, Py_ssize_t count) {
    PyObject *result = count ? quick(arguments[0], arguments + 1, count - 1) : NULL;
    if (result || PyErr_Occurred()) return result;
    PyObject **all = PyMem_New(PyObject *, count + 1);
    if (!all) return PyErr_NoMemory();
    all[0] = self;
    memcpy(all + 1, arguments, count * sizeof *arguments);
    result = PyObject_Vectorcall(pure_apply, all, count + 1, NULL);
    PyMem_Free(all);
    return result;
}

/* Op.__call__ for Values; all else is Python's. */
static PyObject *op_call(PyObject *op, PyObject *const *operands, Py_ssize_t count, PyObject *keywords) {
    PyObject *result = keywords ? NULL : quick(op, operands, count), **all;
    if (result || PyErr_Occurred()) return result;
    Py_ssize_t named = keywords ? PyTuple_GET_SIZE(keywords) : 0;
    if (!(all = PyMem_New(PyObject *, count + named + 1))) return PyErr_NoMemory();
    all[0] = op;
    memcpy(all + 1, operands, (count + named) * sizeof *operands);
    result = PyObject_Vectorcall(pure_call, all, count + 1, keywords);
    PyMem_Free(all);
    return result;
}

static PyMethodDef op_call_method = {"__call__", (PyCFunction)(void (*)(void))op_call, METH_FASTCALL | METH_KEYWORDS,
                                     "Apply the operation: floats give a float, and any other kind of number gives that kind."};

static PyObject *value_power(PyObject *x, PyObject *y, PyObject *modulus) {
    if (modulus != Py_None) {
        PyErr_SetString(PyExc_TypeError, "pow of a Value takes two numbers. Write x ** 2 % 3.");
        return NULL;
    }
    return value_pow(x, y);
}

static PyObject *value_positive(PyObject *x) { return Py_NewRef(x); }

/* dot(ws, xs, start): the very nodes that the loop of functions.dot records, in the same order. */
static PyObject *pure_dot;

static PyObject *dot(PyObject *module, PyObject *const *arguments, Py_ssize_t count, PyObject *keywords) {
    PyObject *total = count > 2 ? arguments[2] : Py_None;
    if (keywords || count < 2 || count > 3 || !PyList_CheckExact(arguments[0]) || !PyList_CheckExact(arguments[1]) ||
        PyList_GET_SIZE(arguments[0]) != PyList_GET_SIZE(arguments[1]) || !PyList_GET_SIZE(arguments[0]))
        return PyObject_Vectorcall(pure_dot, arguments, count, keywords);
    total = total == Py_None ? NULL : Py_NewRef(total);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(arguments[0]) && i < PyList_GET_SIZE(arguments[1]); i++) {
        PyObject *w = Py_NewRef(PyList_GET_ITEM(arguments[0], i)), *x = Py_NewRef(PyList_GET_ITEM(arguments[1], i));
        PyObject *product = is_value(w) ? value_mul(w, x) : PyNumber_Multiply(w, x), *sum;
        Py_DECREF(w), Py_DECREF(x);
        if (product && total) {
            sum = is_value(product) ? value_add(total, product) : PyNumber_Add(total, product);
            Py_DECREF(product);
        } else
            sum = product;
        Py_XDECREF(total);
        if (!(total = sum)) return NULL;
    }
    return total;
}
