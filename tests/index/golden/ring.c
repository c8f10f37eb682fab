/* A ring buffer. */
#include <stdio.h>
#include "util/mem.h"

#define RING_SIZE 256
#define MIN(a, b) ((a) < (b) ? (a) : (b))

typedef struct ring ring_t;
typedef int (*visit_fn)(const char *item, void *ctx);

enum state { IDLE, BUSY = 2 };

/* The buffer itself. */
struct ring {
    char *items[RING_SIZE];
    unsigned head, tail;
};

static int count = 0;
const char *names[] = { "a", "// agent: no comment" };

int ring_push(ring_t *r, const char *item);

/* Adds one item.
   Returns 0 when full. */
int ring_push(ring_t *r, const char *item)
{
    // agent: copy the item
    if (r->head == MIN(r->tail, RING_SIZE))
        return 0;
    count++;
    return mem_set(&r->items[r->head++], item, 'x');
}

static char *ring_pop(ring_t *r) { return r->items[r->tail++]; }
