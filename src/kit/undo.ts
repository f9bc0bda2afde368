// Undo before do: register how to take a step back, then take it.
import { messageOf } from './error.ts';

/**
 * A stack of undos for `await using`. Leaving the scope without `commit()` runs them in reverse; one that fails
 * doesn't keep the others from running.
 */
export class UndoStack implements AsyncDisposable {
  readonly #undos: { readonly name: string; readonly undo: () => Promise<void> | void }[] = [];

  /** Registers the undo of the step that follows. */
  push(name: string, undo: () => Promise<void> | void): void {
    this.#undos.push({ name, undo });
  }

  /** The work succeeded: forget the undos. */
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
