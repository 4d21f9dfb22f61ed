/* The twin of engine.py. It knows the ordinary case: numbers, Values, finite results. Whatever else happens it hands
to the functions of engine.py itself, which raise the errors that teach and make the nodes that fit no rule here. */

#include "node.h"
#include "pool.h"
#include "attic.h"
#include "prelude.h"
#include "rules.h"

#define COUNT_1(name, gate, why) +1
enum {
#define CODE_OF(name, gate, why) CODE_##name,
    CODE_LEAF, EACH_OP(CODE_OF, CODE_OF) OP_COUNT
};
#define NAME_OF(name, gate, why) #name,
static const char *const names[] = {"", EACH_OP(NAME_OF, NAME_OF)};
#define GATE_OF(name, gate, why) gate,
static const char gates[] = {0, EACH_OP(GATE_OF, GATE_OF)};
#define ONE(name, gate, why) 1,
#define TWO(name, gate, why) 2,
static const char arity[] = {0, EACH_OP(ONE, TWO)};

static PyTypeObject *ValueType, *ConstantType, *known; /* known: a subclass that was met, with apply as it is */
static PyObject *ops[OP_COUNT];                         /* the Op objects */
static PyObject *pure_apply, *pure_init, *pure_backward, *pure_history, *pure_set_data, *pure_compare[6], *pure_call;
static PyObject *in_ieee, *str_apply, *str_constant, *str_gate, *empty_text, *empty_tuple;
static uint64_t clock_now;   /* one clock for births and changes: creation order is a topological order */
static Py_ssize_t not_finite; /* how many nodes alive have a value or local derivative that is not finite */
static int rewired;           /* whether creation order may no longer be a topological order */
static int running;           /* backward passes under way */

static inline uint64_t tick(void) { return ++clock_now; }

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

static inline int is_value(PyObject *x) {
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

static inline int kind(PyObject *x, double *number) {
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

static inline Node *node_new(PyTypeObject *type) {
    Node *node = pool_take();
    if (UNLIKELY(!node)) return (Node *)PyErr_NoMemory();
#if defined(Py_REF_DEBUG) || defined(Py_TRACE_REFS) || defined(Py_GIL_DISABLED)
    PyObject_Init((PyObject *)node, type);
#else
    Py_SET_REFCNT((PyObject *)node, 1);
    Py_SET_TYPE((PyObject *)node, type);
    Py_INCREF(type);
#endif
    node->grad = 0.0;
    node->weak = NULL;
    return node;
}

static inline Node *leaf_new(PyTypeObject *type, double data) {
    Node *node = node_new(type);
    if (UNLIKELY(!node)) return NULL;
    node->data = data;
    memset(&node->leaf, 0, sizeof(Attic));
    node->bits = tick() << 16;
    return node;
}

static inline PyObject *node_of_1(int code, PyObject *a, double data, double slope) {
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
static inline PyObject *node_of_2(int code, PyObject *a, PyObject *b, double data, double slope0, double slope1) {
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

static inline int all_finite(double a, double b, double c) { return isfinite(a) & isfinite(b) & isfinite(c); }

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
static PyObject *op_call(PyObject *module, PyObject *const *arguments, Py_ssize_t count, PyObject *keywords) {
    PyObject *result = count && !keywords ? quick(arguments[0], arguments + 1, count - 1) : NULL;
    if (result || PyErr_Occurred()) return result;
    return PyObject_Vectorcall(pure_call, arguments, count, keywords);
}

static PyMethodDef op_call_method = {"__call__", (PyCFunction)(void (*)(void))op_call, METH_FASTCALL | METH_KEYWORDS,
                                     "Apply the operation: floats give a float, and any other kind of number gives that kind."};

static PyObject *value_power(PyObject *x, PyObject *y, PyObject *modulus) {
    if (modulus != Py_None) Py_RETURN_NOTIMPLEMENTED;
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

/* ---- the end of a node ---- */

static Node *dying;

static void release(Node *node) {
    PyTypeObject *type = Py_TYPE(node);
    if (UNLIKELY(node->bits & NOT_FINITE)) not_finite--;
    if (CODE(node) == LEAF || node->bits & IN_ATTIC) {
        Attic attic = attic_taken(node);
        Py_XDECREF(attic.label), Py_XDECREF(attic.own), Py_XDECREF(attic.odd);
    }
    if (CODE(node) != LEAF && CODE(node) != ODD) {
        for (int i = 2; i--;) { /* the younger input first: memory is given back in the order opposite to births */
            PyObject *input = (PyObject *)node->input[i ^ 1];
            Py_XDECREF(input);
        }
    }
    if (type->tp_basicsize == sizeof(Node) && !PyType_IS_GC(type)) pool_give(node);
    else type->tp_free((PyObject *)node);
    Py_DECREF(type);
}

/* A node's end may be that of millions behind it: they wait in a list, whatever the depth. */
static void value_dealloc(PyObject *self) {
    Node *node = (Node *)self;
    static int draining;
    if (UNLIKELY(node->weak != NULL)) PyObject_ClearWeakRefs(self);
    node->weak = (PyObject *)dying;
    dying = node;
    if (draining) return;
    draining = 1;
    while ((node = dying)) {
        dying = (Node *)node->weak;
        release(node);
    }
    draining = 0;
}

/* Values themselves are not tracked by the garbage collector; subclasses written in Python are. */
static int value_traverse(PyObject *self, visitproc visit, void *arg) {
    Attic *attic = attic_of((Node *)self);
    if (PyType_IS_GC(Py_TYPE(self))) Py_VISIT(Py_TYPE(self));
    if (attic) {
        Py_VISIT(attic->label);
        Py_VISIT(attic->own);
        Py_VISIT(attic->odd);
    }
    if (CODE((Node *)self) != LEAF && CODE((Node *)self) != ODD) {
        Py_VISIT((PyObject *)((Node *)self)->input[0]);
        Py_VISIT((PyObject *)((Node *)self)->input[1]);
    }
    return 0;
}

static int value_clear(PyObject *self) {
    Attic *attic = attic_of((Node *)self);
    if (attic) Py_CLEAR(attic->own);
    return 0;
}

/* ---- attributes ---- */

static void drop_shape(Node *node) { /* to a blank leaf, with its attic */
    Node *old[2] = {NULL, NULL};
    Attic attic = attic_taken(node);
    if (CODE(node) != LEAF && CODE(node) != ODD) old[0] = node->input[0], old[1] = node->input[1];
    PyObject *odd = attic.odd;
    attic.odd = NULL;
    if (node->bits & NOT_FINITE) not_finite--;
    node->bits &= ~(uint64_t)0xFFFF;
    node->leaf = attic;
    Py_XDECREF(odd), Py_XDECREF((PyObject *)old[0]), Py_XDECREF((PyObject *)old[1]);
}

static int finite_slopes(PyObject *slopes) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(slopes); i++) {
        double slope = PyFloat_AsDouble(PyTuple_GET_ITEM(slopes, i));
        if (slope == -1.0 && PyErr_Occurred()) return PyErr_Clear(), 1; /* backward will say so */
        if (!isfinite(slope)) return 0;
    }
    return 1;
}

static void watch_finite(Node *node) {
    int finite = 1, code = CODE(node);
    if (code == ODD) {
        PyObject *odd = attic_of(node)->odd;
        if (PyTuple_GET_ITEM(odd, 0) != Py_None) finite = isfinite(node->data) && finite_slopes(PyTuple_GET_ITEM(odd, 2));
    } else if (code != LEAF)
        finite = all_finite(node->data, node->slope[0], node->slope[1]);
    if (finite != !(node->bits & NOT_FINITE)) {
        not_finite += finite ? -1 : 1;
        node->bits ^= NOT_FINITE;
    }
}

static int fits(int code, PyObject *inputs, PyObject *slopes) {
    if (code == ODD || PyTuple_GET_SIZE(inputs) != arity[code] || PyTuple_GET_SIZE(slopes) != arity[code]) return 0;
    for (int i = 0; i < arity[code]; i++)
        if (!PyFloat_CheckExact(PyTuple_GET_ITEM(slopes, i))) return 0;
    return 1;
}

static PyObject *get_op(Node *node, void *_) {
    int code = CODE(node);
    PyObject *op = code == ODD ? PyTuple_GET_ITEM(attic_of(node)->odd, 0) : code == LEAF ? Py_None : ops[code];
    return Py_NewRef(op);
}

static PyObject *get_inputs(Node *node, void *_) {
    int code = CODE(node);
    if (code == ODD) return Py_NewRef(PyTuple_GET_ITEM(attic_of(node)->odd, 1));
    if (code == LEAF) return Py_NewRef(empty_tuple);
    return arity[code] == 1 ? PyTuple_Pack(1, node->input[0]) : PyTuple_Pack(2, node->input[0], node->input[1]);
}

static PyObject *get_slopes(Node *node, void *_) {
    int code = CODE(node);
    if (code == ODD) return Py_NewRef(PyTuple_GET_ITEM(attic_of(node)->odd, 2));
    PyObject *slopes = PyTuple_New(arity[code]);
    for (int i = 0; slopes && i < arity[code]; i++) {
        PyObject *slope = PyFloat_FromDouble(node->slope[i]);
        if (!slope) Py_CLEAR(slopes);
        else PyTuple_SET_ITEM(slopes, i, slope);
    }
    return slopes;
}

/* Give a node an op, inputs and local derivatives, of which one is new. Steals them. */
static int reshape(Node *node, PyObject *op, PyObject *inputs, PyObject *slopes) {
    int status = -1;
    PyObject *odd = NULL;
    if (!op || !inputs || !slopes) goto done;
    if (running) {
        PyErr_SetString(PyExc_RuntimeError, "A node cannot be changed while backward() runs. Do it afterwards.");
        goto done;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(inputs); i++) {
        PyObject *input = PyTuple_GET_ITEM(inputs, i);
        if (!any_value(input)) {
            PyErr_Format(PyExc_TypeError, "The inputs of a node are Values, and one is %R.", input);
            goto done;
        }
        if (BORN((Node *)input) >= BORN(node)) rewired = 1;
    }
    int code = op == Py_None ? ODD : code_of(op);
    int leaf = op == Py_None && !PyTuple_GET_SIZE(inputs) && !PyTuple_GET_SIZE(slopes);
    if (!leaf && !fits(code, inputs, slopes)) {
        if (!(odd = PyTuple_Pack(3, op, inputs, slopes))) goto done;
        code = ODD;
    }
    drop_shape(node);
    status = 0;
    if (leaf) goto done;
    Attic attic = attic_taken(node);
    if (!odd) {
        for (int i = 0; i < 2; i++) {
            int is = i < arity[code];
            node->input[i] = is ? (Node *)Py_NewRef(PyTuple_GET_ITEM(inputs, i)) : NULL;
            node->slope[i] = is ? PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(slopes, i)) : 0.0;
        }
    } else
        node->input[0] = node->input[1] = NULL;
    node->bits |= (uint64_t)code << 8;
    attic.odd = odd, odd = NULL;
    if (attic.odd || attic.label || attic.own || attic.changed) {
        Attic *place = attic_for(node);
        if (!place) Py_FatalError("no memory to change a node"); /* half a node must not live */
        *place = attic;
    }
    watch_finite(node);
done:
    Py_XDECREF(op), Py_XDECREF(inputs), Py_XDECREF(slopes), Py_XDECREF(odd);
    return status;
}

static int no_delete(PyObject *value) {
    if (!value) PyErr_SetString(PyExc_AttributeError, "This attribute cannot be deleted.");
    return !value;
}

static int set_op(Node *node, PyObject *op, void *_) {
    return no_delete(op) ? -1 : reshape(node, Py_NewRef(op), get_inputs(node, NULL), get_slopes(node, NULL));
}

static int set_inputs(Node *node, PyObject *inputs, void *_) {
    return no_delete(inputs) ? -1 : reshape(node, get_op(node, NULL), PySequence_Tuple(inputs), get_slopes(node, NULL));
}

static int set_slopes(Node *node, PyObject *slopes, void *_) {
    return no_delete(slopes) ? -1 : reshape(node, get_op(node, NULL), get_inputs(node, NULL), PySequence_Tuple(slopes));
}

static PyObject *get_data(Node *node, void *_) { return PyFloat_FromDouble(node->data); }
static PyObject *get_grad(Node *node, void *_) { return PyFloat_FromDouble(node->grad); }

static int set_number(double *place, PyObject *value) {
    if (no_delete(value)) return -1;
    double number = PyFloat_CheckExact(value) ? PyFloat_AS_DOUBLE(value) : PyFloat_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred()) return -1;
    *place = number;
    return 0;
}

static int set_raw_data(Node *node, PyObject *value, void *_) {
    if (set_number(&node->data, value)) return -1;
    watch_finite(node);
    return 0;
}

static int set_grad(Node *node, PyObject *value, void *_) { return set_number(&node->grad, value); }

static int set_data(Node *node, PyObject *value, void *_) {
    if (no_delete(value)) return -1;
    if (!PyFloat_CheckExact(value)) {
        PyObject *done = PyObject_CallFunctionObjArgs(pure_set_data, (PyObject *)node, value, NULL);
        Py_XDECREF(done);
        return done ? 0 : -1;
    }
    Attic *attic = attic_for(node);
    if (!attic) return -1;
    node->data = PyFloat_AS_DOUBLE(value);
    attic->changed = tick();
    if (CODE(node) != LEAF) watch_finite(node);
    return 0;
}

static PyObject *get_label(Node *node, void *_) {
    Attic *attic = attic_of(node);
    return Py_NewRef(attic && attic->label ? attic->label : empty_text);
}

static int set_label(Node *node, PyObject *label, void *_) {
    if (no_delete(label)) return -1;
    if (label == empty_text && !attic_of(node)) return 0;
    Attic *attic = attic_for(node);
    if (!attic) return -1;
    Py_INCREF(label);
    Py_XSETREF(attic->label, label);
    return 0;
}

static PyObject *get_born(Node *node, void *_) { return PyLong_FromUnsignedLongLong(BORN(node)); }

static Py_ssize_t inputs_of(Node *node, Node *const **inputs) {
    int code = CODE(node);
    if (UNLIKELY(code == ODD)) {
        PyTupleObject *all = (PyTupleObject *)PyTuple_GET_ITEM(attic_of(node)->odd, 1);
        *inputs = (Node *const *)all->ob_item;
        return PyTuple_GET_SIZE(all);
    }
    *inputs = node->input;
    return arity[code];
}

static int set_born(Node *node, PyObject *value, void *_) {
    if (no_delete(value)) return -1;
    unsigned long long born = PyLong_AsUnsignedLongLong(value);
    if (born == (unsigned long long)-1 && PyErr_Occurred()) return -1;
    Node *const *inputs;
    Py_ssize_t count = inputs_of(node, &inputs);
    for (Py_ssize_t i = 0; i < count; i++) rewired |= BORN(inputs[i]) >= born;
    node->bits = (uint64_t)born << 16 | (node->bits & 0xFFFF);
    return 0;
}

static PyObject *get_changed(Node *node, void *_) {
    Attic *attic = attic_of(node);
    if (attic && attic->changed) return PyLong_FromUnsignedLongLong(attic->changed);
    PyErr_SetString(PyExc_AttributeError, "_changed");
    return NULL;
}

static int set_changed(Node *node, PyObject *value, void *_) {
    if (no_delete(value)) return -1;
    unsigned long long changed = PyLong_AsUnsignedLongLong(value);
    if (changed == (unsigned long long)-1 && PyErr_Occurred()) return -1;
    Attic *attic = attic_for(node);
    if (!attic) return -1;
    attic->changed = changed;
    return 0;
}

/* ---- attributes of the learner's own ---- */

static PyObject *owning_getattro(PyObject *self, PyObject *name) {
    Attic *attic = attic_of((Node *)self);
    PyObject *own = attic && attic->own ? PyDict_GetItemWithError(attic->own, name) : NULL;
    if (own) {
        PyObject *shared = _PyType_Lookup(Py_TYPE(self), name);
        if (!shared || !Py_TYPE(shared)->tp_descr_set) return Py_NewRef(own);
    } else if (PyErr_Occurred())
        return NULL;
    return PyObject_GenericGetAttr(self, name);
}

/* From the first attribute of a learner's own on, look-ups look for them; until then methods are found faster. */
static int look_for_own(PyTypeObject *type) {
    if (type->tp_getattro == PyObject_GenericGetAttr && !type->tp_dictoffset) {
        type->tp_getattro = owning_getattro;
        PyType_Modified(type);
    }
    PyObject *subtypes = PyObject_CallMethod((PyObject *)type, "__subclasses__", NULL);
    for (Py_ssize_t i = 0; subtypes && i < PyList_GET_SIZE(subtypes); i++)
        if (look_for_own((PyTypeObject *)PyList_GET_ITEM(subtypes, i)) < 0) Py_CLEAR(subtypes);
    Py_XDECREF(subtypes);
    return subtypes ? 0 : -1;
}

static PyObject *own_of(Node *node) { /* borrowed, made if there is none */
    Attic *attic = attic_for(node);
    if (!attic) return NULL;
    if (!attic->own) {
        PyTypeObject *type = Py_TYPE(node);
        if (type->tp_getattro == PyObject_GenericGetAttr && look_for_own(type) < 0) return NULL;
        PyObject *own = PyDict_New();
        attic = attic_for(node);
        if (!own || !attic) return Py_XDECREF(own), NULL;
        attic->own = own;
    }
    return attic->own;
}

static PyObject *get_dict(Node *node, void *_) { return Py_XNewRef(own_of(node)); }

static int set_dict(Node *node, PyObject *value, void *_) {
    if (no_delete(value)) return -1;
    if (!PyDict_Check(value)) return PyErr_SetString(PyExc_TypeError, "__dict__ must be a dict"), -1;
    if (!own_of(node)) return -1;
    Py_INCREF(value);
    Py_SETREF(attic_of(node)->own, value);
    return 0;
}

static int value_setattro(PyObject *self, PyObject *name, PyObject *value) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject *shared = _PyType_Lookup(type, name);
    if (shared && Py_TYPE(shared)->tp_descr_set) return Py_TYPE(shared)->tp_descr_set(shared, self, value);
    if (type->tp_dictoffset) return PyObject_GenericSetAttr(self, name, value);
    Attic *attic = value ? NULL : attic_of((Node *)self);
    PyObject *own = value ? own_of((Node *)self) : attic ? attic->own : NULL;
    if (value) return own ? PyDict_SetItem(own, name, value) : -1;
    if (own && PyDict_Contains(own, name) == 1) return PyDict_DelItem(own, name);
    return PyErr_SetObject(PyExc_AttributeError, name), -1;
}

/* ---- construction ---- */

static PyObject *value_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords) {
    if (type->tp_basicsize == sizeof(Node) && !PyType_IS_GC(type)) return (PyObject *)leaf_new(type, 0.0);
    Node *node = (Node *)type->tp_alloc(type, 0); /* all zero */
    if (node) node->bits = tick() << 16;
    return (PyObject *)node;
}

static int value_init(PyObject *self, PyObject *arguments, PyObject *keywords) {
    Node *node = (Node *)self;
    if (!keywords && PyTuple_GET_SIZE(arguments) == 1 && PyFloat_CheckExact(PyTuple_GET_ITEM(arguments, 0)) &&
        CODE(node) == LEAF && !node->leaf.label && !node->leaf.changed) {
        node->data = PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(arguments, 0));
        node->grad = 0.0;
        node->bits = tick() << 16;
        return 0;
    }
    PyObject *done = NULL, *all = PyTuple_New(PyTuple_GET_SIZE(arguments) + 1);
    for (Py_ssize_t i = 0; all && i <= PyTuple_GET_SIZE(arguments); i++)
        PyTuple_SET_ITEM(all, i, Py_NewRef(i ? PyTuple_GET_ITEM(arguments, i - 1) : self));
    if (all) done = PyObject_Call(pure_init, all, keywords);
    Py_XDECREF(all), Py_XDECREF(done);
    return done ? 0 : -1;
}

/* Value(2.0) and Value(2.0, label), without a tuple or a dict. */
static PyObject *value_vectorcall(PyObject *type, PyObject *const *arguments, size_t flags, PyObject *keywords) {
    Py_ssize_t count = PyVectorcall_NARGS(flags), named = keywords ? PyTuple_GET_SIZE(keywords) : 0;
    double number;
    int label = count + named == 2 && count && (!named || PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(keywords, 0), "label") == 0);
    if ((label || (count == 1 && !named)) && kind(arguments[0], &number) == PLAIN) {
        Node *node = leaf_new((PyTypeObject *)type, number);
        if (node && label && arguments[1] != empty_text) node->leaf.label = Py_NewRef(arguments[1]);
        return (PyObject *)node;
    }
    PyObject *node = value_new((PyTypeObject *)type, NULL, NULL), **all = PyMem_New(PyObject *, count + named + 1);
    PyObject *done = NULL;
    if (node && all) {
        all[0] = node;
        memcpy(all + 1, arguments, (count + named) * sizeof *arguments);
        done = PyObject_Vectorcall(pure_init, all, count + 1, keywords);
    }
    PyMem_Free(all);
    if (!done) Py_CLEAR(node);
    Py_XDECREF(done);
    return node;
}

/* new(kind): a node of this type, to be filled in. */
static PyObject *new(PyObject *module, PyObject *type) {
    if (!PyType_Check(type) || !PyType_IsSubtype((PyTypeObject *)type, ValueType))
        return PyErr_Format(PyExc_TypeError, "%R is not a kind of Value.", type), NULL;
    return value_new((PyTypeObject *)type, NULL, NULL);
}

static PyObject *tick_(PyObject *module, PyObject *_) { return PyLong_FromUnsignedLongLong(tick()); }

/* ---- comparisons ---- */

static PyObject *value_compare(PyObject *self, PyObject *other, int sign) {
    double a = ((Node *)self)->data, b = 0.0;
    int k = kind(other, &b);
    if (k == VALUE && (sign == Py_EQ || sign == Py_NE)) return PyBool_FromLong((self == other) == (sign == Py_EQ));
    if (k == VALUE || PyFloat_CheckExact(other)) Py_RETURN_RICHCOMPARE(a, b, sign);
    if (sign != Py_NE) return PyObject_CallFunctionObjArgs(pure_compare[sign], self, other, NULL);
    PyObject *equal = PyObject_CallFunctionObjArgs(pure_compare[Py_EQ], self, other, NULL);
    if (!equal || equal == Py_NotImplemented) return equal;
    int is = PyObject_IsTrue(equal);
    Py_DECREF(equal);
    return is < 0 ? NULL : PyBool_FromLong(!is);
}

static Py_hash_t value_hash(PyObject *self) { return _Py_HashPointer(self); }

#include "passes.h"
#include "updates.h"

/* ---- the type ---- */

#define METHOD(name, gate, why) {#name, (PyCFunction)(void (*)(void))method_##name, METH_FASTCALL, why},
static PyMethodDef value_methods[] = {
    EACH_OP(METHOD, METHOD)
    {"apply", (PyCFunction)(void (*)(void))value_apply, METH_FASTCALL,
     "Return a new node: `op` of the operands, of which plain numbers become constants."},
    {"backward", value_backward, METH_NOARGS,
     "Put d(self)/d(node) into every node's grad: leaves add up over calls, the others start afresh.\n\n"
     "Raises NoFiniteGradient, before any grad is written, where a value or local derivative is not finite."},
    {NULL},
};

#define ATTRIBUTE(name, get, set, why) {name, (getter)get, (setter)set, why, NULL}
static PyGetSetDef value_attributes[] = {
    ATTRIBUTE("data", get_data, set_data,
              "The number. Setting it changes what is computed from now on, nothing that was computed before."),
    ATTRIBUTE("grad", get_grad, set_grad, "d(output)/d(this), after output.backward()"),
    ATTRIBUTE("op", get_op, set_op, "What made it; None for a leaf."),
    ATTRIBUTE("inputs", get_inputs, set_inputs, "What it was made from, in order, both kept for a + a."),
    ATTRIBUTE("local_grads", get_slopes, set_slopes, "d(this)/d(input) for each input, computed when the op ran."),
    ATTRIBUTE("label", get_label, set_label, "What a drawing calls it."),
    ATTRIBUTE("_data", get_data, set_raw_data, NULL),
    ATTRIBUTE("_born", get_born, set_born, NULL),
    ATTRIBUTE("_changed", get_changed, set_changed, NULL),
    ATTRIBUTE("__dict__", get_dict, set_dict, NULL),
    {NULL},
};

static PyMemberDef value_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Node, weak), READONLY, NULL},
    {NULL},
};

static PyType_Slot value_slots[] = {
    {Py_tp_new, value_new},
    {Py_tp_init, value_init},
    {Py_tp_dealloc, value_dealloc},
    {Py_tp_free, PyObject_Free},
    {Py_tp_traverse, value_traverse},
    {Py_tp_clear, value_clear},
    {Py_tp_methods, value_methods},
    {Py_tp_getset, value_attributes},
    {Py_tp_members, value_members},
    {Py_tp_getattro, PyObject_GenericGetAttr},
    {Py_tp_setattro, value_setattro},
    {Py_tp_richcompare, value_compare},
    {Py_tp_hash, value_hash},
    {Py_nb_add, value_add},
    {Py_nb_subtract, value_sub},
    {Py_nb_multiply, value_mul},
    {Py_nb_true_divide, value_div},
    {Py_nb_floor_divide, value_floordiv},
    {Py_nb_remainder, value_mod},
    {Py_nb_power, value_power},
    {Py_nb_negative, value_neg},
    {Py_nb_positive, value_positive},
    {Py_nb_absolute, value_abs},
    {0, NULL},
};

static PyType_Slot constant_slots[] = {{0, NULL}};

static PyType_Spec value_spec = {"micrograd_like.engine.Value", sizeof(Node), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                                 value_slots};
static PyType_Spec constant_spec = {"micrograd_like.engine.Constant", sizeof(Node), 0,
                                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, constant_slots};

/* setup(engine, ops): make the types, once, with engine.py's functions for what is not ordinary. */
static PyObject *setup(PyObject *module, PyObject *arguments) {
    PyObject *engine, *table, *math;
    if (!PyArg_ParseTuple(arguments, "OO", &engine, &table)) return NULL;
    PyObject *pure = PyObject_GetAttrString(engine, "Value"), *number = PyObject_GetAttrString(engine, "Number");
    PyObject *op_type = PyObject_GetAttrString(engine, "Op"), *data = pure ? PyObject_GetAttrString(pure, "data") : NULL;
    if (!pure || !number || !op_type || !data || !(math = PyImport_ImportModule("math"))) return NULL;
    static const char *const signs[] = {"__lt__", "__le__", "__eq__", "__ne__", "__gt__", "__ge__"};
    for (int i = 0; i < 6; i++)
        if (!(pure_compare[i] = PyObject_GetAttrString(pure, signs[i]))) return NULL;
    struct { PyObject **place, *from; const char *name; } wanted[] = {
        {&pure_apply, pure, "apply"}, {&pure_init, pure, "__init__"}, {&pure_backward, pure, "backward"},
        {&pure_set_data, data, "fset"}, {&pure_history, engine, "history"}, {&in_ieee, engine, "in_ieee"},
        {&pure_call, op_type, "__call__"}, {&math_hypot, math, "hypot"}, {&math_gamma, math, "gamma"},
        {&math_lgamma, math, "lgamma"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!(*wanted[i].place = PyObject_GetAttrString(wanted[i].from, wanted[i].name))) return NULL;
    for (int code = 1; code < OP_COUNT; code++) {
        if (!(ops[code] = PyMapping_GetItemString(table, names[code]))) return NULL;
        *code_slot(ops[code]) = code;
    }
    str_apply = PyUnicode_InternFromString("apply"), str_constant = PyUnicode_InternFromString("constant");
    str_gate = PyUnicode_InternFromString("gate"), empty_text = PyUnicode_InternFromString("");
    empty_tuple = PyTuple_New(0);
    ValueType = (PyTypeObject *)PyType_FromSpecWithBases(&value_spec, number);
    ConstantType = ValueType ? (PyTypeObject *)PyType_FromSpecWithBases(&constant_spec, (PyObject *)ValueType) : NULL;
    if (!ConstantType) return NULL;
    PyObject *function = PyCFunction_New(&op_call_method, NULL), *method = function ? PyInstanceMethod_New(function) : NULL;
    if (!method || PyObject_SetAttrString(op_type, "__call__", method) < 0) return NULL;
    Py_DECREF(function), Py_DECREF(method);
    ValueType->tp_vectorcall = ConstantType->tp_vectorcall = value_vectorcall;
    Py_DECREF(pure), Py_DECREF(number), Py_DECREF(op_type), Py_DECREF(data), Py_DECREF(math);
    return Py_BuildValue("OO", ValueType, ConstantType);
}

/* twin_of_dot(function): the C dot, which calls `function` where the arguments are not two lists of one length. */
static PyObject *twin_of_dot(PyObject *module, PyObject *function) {
    static PyMethodDef method = {"dot", (PyCFunction)(void (*)(void))dot, METH_FASTCALL | METH_KEYWORDS, NULL};
    static PyObject *text;
    PyObject *doc = PyObject_GetAttrString(function, "__doc__"), *name = PyObject_GetAttrString(function, "__module__");
    if (!doc || !name) return NULL;
    Py_XSETREF(text, PyUnicode_FromFormat("dot(ws, xs, start=None)\n--\n\n%S", doc));
    if (!text || !(method.ml_doc = PyUnicode_AsUTF8(text))) return NULL;
    Py_INCREF(function);
    Py_XSETREF(pure_dot, function);
    Py_DECREF(doc);
    PyObject *twin = PyCFunction_NewEx(&method, NULL, name);
    Py_DECREF(name);
    return twin;
}

static PyMethodDef functions_of_module[] = {
    {"setup", setup, METH_VARARGS, NULL},
    {"new", new, METH_O, "Return a node of this type, to be filled in."},
    {"tick", tick_, METH_NOARGS, "Return the next number of the clock of births and changes."},
    {"history", (PyCFunction)(void (*)(void))history, METH_FASTCALL, "Return the roots and every node they were made from, inputs before what is made from them."},
    {"capture", (PyCFunction)(void (*)(void))capture, METH_FASTCALL, "Return the nodes of a history and bytes with their columns."},
    {"twin_of_dot", twin_of_dot, METH_O, NULL},
    {"update", update, METH_VARARGS, NULL},
    {NULL},
};

static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_engine", NULL, -1, functions_of_module};

PyMODINIT_FUNC PyInit__engine(void) {
    PyObject *module = PyModule_Create(&definition);
    if (module && PyModule_AddStringConstant(module, "RULES_DIGEST", RULES_DIGEST) < 0) Py_CLEAR(module);
    return module;
}
