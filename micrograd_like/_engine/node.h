/* One node in 80 bytes. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__)
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define INLINE static inline __attribute__((always_inline)) /* however many operations there are */
#else
#define LIKELY(x) (x)
#define UNLIKELY(x) (x)
#define INLINE static inline
#endif

typedef struct Node Node;

typedef struct {
    PyObject *label, *own; /* NULL for "" and for no attributes */
    uint64_t changed;      /* when data was last assigned; 0 for never */
    PyObject *odd;         /* (op, inputs, local_grads) of a node that fits no rule of the header */
} Attic;

struct Node {
    PyObject_HEAD
    double data, grad;
    union {
        struct {
            Node *input[2]; /* the second is NULL for an operation on one number */
            double slope[2];
        };
        Attic leaf;
    };
    uint64_t bits; /* birth, 48 bits; code of the op, 8 bits; flags, 8 bits */
    PyObject *weak;
};

/* flags: MARK while nodes are collected, the rest during a backward pass */
enum { IN_ATTIC = 1, NOT_FINITE = 2, MARK = 4, FAR = 8, TOUCHED = 16, REACHED = 32, MOVED = 64, LEAF = 0, ODD = 255 };
#define CLEAR(node, flags) ((node)->bits &= ~(uint64_t)(flags))
#define BORN(node) ((node)->bits >> 16)
#define CODE(node) ((int)((node)->bits >> 8 & 255))

typedef struct { /* a growing list */
    Node **at;
    size_t count, room;
} Nodes;
