import { describe, expect, test } from 'vitest';
import { UndoStack } from '../../../src/kit/undo.ts';

describe('the undo stack', () => {
  test('runs the undos in reverse order when the scope ends with an error', async () => {
    const ran: string[] = [];
    const work = async (): Promise<void> => {
      await using undo = new UndoStack();
      undo.push('first', () => void ran.push('first'));
      undo.push('second', async () => void ran.push('second'));
      throw new Error('half-way');
    };
    await expect(work()).rejects.toThrow('half-way');
    expect(ran).toEqual(['second', 'first']);
  });

  test('runs nothing after commit', async () => {
    const ran: string[] = [];
    {
      await using undo = new UndoStack();
      undo.push('first', () => void ran.push('first'));
      undo.commit();
    }
    expect(ran).toEqual([]);
  });

  test('runs the other undos after an undo that fails, and reports every failure', async () => {
    const ran: string[] = [];
    const stack = new UndoStack();
    stack.push('first', () => void ran.push('first'));
    stack.push('second', () => Promise.reject(new Error('busy')));
    stack.push('third', () => {
      throw new Error('gone');
    });
    const failure = await stack[Symbol.asyncDispose]().then(
      () => undefined,
      (error: unknown) => error as AggregateError,
    );
    expect(ran).toEqual(['first']);
    expect(failure?.message).toBe('undo "third" failed: gone; undo "second" failed: busy');
    expect(failure?.errors).toHaveLength(2);
  });

  test('runs each undo once, even if the stack is disposed twice', async () => {
    const ran: string[] = [];
    const stack = new UndoStack();
    stack.push('only', () => void ran.push('only'));
    await stack[Symbol.asyncDispose]();
    await stack[Symbol.asyncDispose]();
    expect(ran).toEqual(['only']);
  });

  test('keeps the error of the work when an undo also fails', async () => {
    const work = async (): Promise<void> => {
      await using undo = new UndoStack();
      undo.push('first', () => {
        throw new Error('stuck');
      });
      throw new Error('half-way');
    };
    const error = await work().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SuppressedError);
    expect((error as SuppressedError).suppressed).toMatchObject({ message: 'half-way' });
  });
});
