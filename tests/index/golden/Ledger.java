package org.example.bank;

import java.util.List;
import static org.example.bank.Money.*;
import static java.util.Objects.requireNonNull;

/**
 * Keeps the entries of one account.
 */
@Audited
public final class Ledger<T extends Entry> implements Iterable<T> {
    private static final int LIMIT = 1_000;
    private final List<T> entries, pending;

    public Ledger(List<T> entries) {
        this.entries = requireNonNull(entries, "no // agent: comment");
    }

    // agent: refuse entries
    // of the future
    @Override
    public void add(T entry) {
        entries.add(entry);
    }

    enum State { OPEN, CLOSED }

    interface Listener {
        int VERSION = 1;
        void changed(Ledger<?> ledger);
    }

    record Line(String text, long amount) {}

    @interface Audited {}
}
