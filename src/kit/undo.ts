// A stack of undos: register the undo of a step before the step.
import { messageOf } from './error.ts';

/**
 * A stack of undos for `await using`. If the scope ends without `commit()`, the undos run in reverse order.
 * When one undo fails, the others still run.
 * @throws AggregateError at the end of the scope, with the failures of all undos
 */
export class UndoStack implements AsyncDisposable {
  readonly #undos: { readonly name: string; readonly undo: () => Promise<void> | void }[] = [];

  /** Registers the undo of the next step. */
  push(name: string, undo: () => Promise<void> | void): void {
    this.#undos.push({ name, undo });
  }

  /** Drops all undos, because the work succeeded. */
  commit(): void {
    this.#undos.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: Error[] = [];
    for (let entry = this.#undos.pop(); entry; entry = this.#undos.pop()) {
      try {
        await entry.undo();
      } catch (cause) {
        failures.push(new Error(`undo "${entry.name}" failed: ${messageOf(cause)}`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map((failure) => failure.message).join('; '));
  }
}
