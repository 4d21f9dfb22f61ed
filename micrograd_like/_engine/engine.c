/* The twin of engine.py. It knows the ordinary case: numbers, Values, finite results. Whatever else happens it hands
to the functions of engine.py itself, which raise the errors that teach and make the nodes that fit no rule here. */

#include "node.h"
#include "pool.h"
#include "side_table.h"
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
static PyObject *pure_apply, *pure_init, *pure_backward, *pure_order, *pure_set_data, *pure_compare[6], *pure_call;
static PyObject *in_ieee, *str_apply, *str_constant, *str_gate, *empty_text, *empty_tuple;
static uint64_t clock_now;   /* one clock for births and changes: creation order is a topological order */
static Py_ssize_t not_finite; /* how many nodes alive have a value or local derivative that is not finite */
static Py_ssize_t odd_nodes;  /* how many nodes alive fit no rule of the header */
static int rewired;           /* whether creation order may no longer be a topological order */
static int running;           /* backward passes under way */

static inline uint64_t tick(void) { return ++clock_now; }

#include "operations.h"
#include "attributes.h"
#include "lifetime.h"
#include "passes.h"
#include "updates.h"

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

/* ---- the type ---- */

#define METHOD(name, gate, why) {#name, (PyCFunction)(void (*)(void))method_##name, METH_FASTCALL, why},
static PyMethodDef value_methods[] = {
    EACH_OP(METHOD, METHOD)
    {"apply", (PyCFunction)(void (*)(void))value_apply, METH_FASTCALL,
     "apply($self, op, /, *operands)\n--\n\nReturn a new node: `op` of the operands, of which plain numbers become constants."},
    {"backward", value_backward, METH_NOARGS,
     "backward($self, /)\n--\n\n"
     "Put d(self)/d(node) into every node's grad: leaves add up over calls, the others start afresh.\n\n"
     "Raises NoFiniteGradientError where a value or local derivative is not finite. An error or Ctrl-C leaves\n"
     "every grad as it was."},
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
    {Py_tp_doc, "Value(data, label='', op=None, inputs=(), local_grads=())\n--\n\nOne real number, recorded in a graph."},
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

/* setup(engine, ops), two modules: make the types, once, with engine.py's functions for what is not ordinary. */
static PyObject *setup(PyObject *module, PyObject *arguments) {
    PyObject *engine, *operations, *table, *math;
    if (!PyArg_ParseTuple(arguments, "OO", &engine, &operations)) return NULL;
    if (ValueType) Py_RETURN_NONE; /* the package was imported before in this process: its Values go on as they are */
    PyObject *pure = PyObject_GetAttrString(engine, "Value"), *number = PyObject_GetAttrString(engine, "Protocols");
    PyObject *op_type = PyObject_GetAttrString(engine, "Op"), *data = pure ? PyObject_GetAttrString(pure, "data") : NULL;
    if (!pure || !number || !op_type || !data || !(table = PyObject_GetAttrString(operations, "OPS")) || !(math = PyImport_ImportModule("math"))) return NULL;
    static const char *const signs[] = {"__lt__", "__le__", "__eq__", "__ne__", "__gt__", "__ge__"};
    for (int i = 0; i < 6; i++)
        if (!(pure_compare[i] = PyObject_GetAttrString(pure, signs[i]))) return NULL;
    struct { PyObject **place, *from; const char *name; } wanted[] = {
        {&pure_apply, pure, "apply"}, {&pure_init, pure, "__init__"}, {&pure_backward, pure, "backward"},
        {&pure_set_data, data, "fset"}, {&pure_order, engine, "topological_order"}, {&in_ieee, operations, "in_ieee"},
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
    PyObject *method = PyDescr_NewMethod((PyTypeObject *)op_type, &op_call_method);
    if (!method || PyObject_SetAttrString(op_type, "__call__", method) < 0) return NULL;
    Py_DECREF(method);
    ValueType->tp_vectorcall = ConstantType->tp_vectorcall = value_vectorcall;
    Py_DECREF(pure), Py_DECREF(number), Py_DECREF(op_type), Py_DECREF(data), Py_DECREF(math), Py_DECREF(table);
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
    {"tick", tick_, METH_NOARGS, "Return the next number of the clock of births and changes."},
    {"topological_order", (PyCFunction)(void (*)(void))topological_order, METH_FASTCALL,
     "topological_order($module, /, *roots)\n--\n\n"
     "Return the roots and every node they were made from, inputs before what is made from them."},
    {"clock", clock_, METH_NOARGS, "Return what `tick` returned last."},
    {"passes", passes_so_far, METH_NOARGS, "Return how many backward passes there were so far."},
    {"capture", (PyCFunction)(void (*)(void))capture, METH_FASTCALL, "Return the nodes of graphs in order and bytes with their columns."},
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
