// A failed property says in its own message what went wrong: test reports contain the message, and no cause.
import fc from 'fast-check';

fc.configureGlobal({ includeErrorInReport: true });
