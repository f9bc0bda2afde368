// Right answers as salted hashes: a lab for students can judge answers that nobody can read in it. Who has the lab can
// still try answers out, a tenth of a second each: this hides a name or a line of text, but not one of few choices.
import { createHmac, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import * as z from 'zod';
import { formOf, forms, meaningOfRight } from './checks/meaning.ts';

/** Takes 32 MiB and, on a core of 2024, 50 to 100 ms. A change makes all hashes useless that labs have. */
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 << 20 } as const;
const digestBytes = 32;
const saltBytes = 16;

const base64 = z.base64().min(1);

export const hashSchema = z
  .strictObject({
    algorithm: z.literal('scrypt').meta({ description: 'How the hashes are made.' }),
    salt: base64.meta({ description: 'Bytes that no other question has.', examples: ['bm90IHNvIHJhbmRvbQ=='] }),
    forms: z.array(z.enum(forms)).min(1).meta({
      description: 'What a right answer looks like. Others are not understood, which is not the same as wrong.',
    }),
    digests: z
      .array(base64)
      .min(1)
      .meta({ description: 'The hashes of the right answers.', examples: [['aGFzaA==']] }),
  })
  .meta({ description: 'Salted hashes of the right answers, in place of equals. `labs pack --student` writes them.' });

export type HashedAnswers = z.output<typeof hashSchema>;

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

/** The digest of a meaning, as `meaning.ts` finds it in an answer. */
export const digestOf = async ({ salt, text }: { readonly salt: string; readonly text: string }): Promise<string> =>
  (await derive(text, Buffer.from(salt, 'base64'), digestBytes, cost)).toString('base64');

/** The hashed form of the right answers that `equals` lists. */
export const hashAnswers = async (
  rights: readonly string[],
  salt: string = randomBytes(saltBytes).toString('base64'),
): Promise<HashedAnswers> => {
  const meanings = [...new Set(rights.map(meaningOfRight))];
  const digests = await Promise.all(meanings.map((text) => digestOf({ salt, text })));
  // In no order that tells which answer is which.
  return { algorithm: 'scrypt', salt, forms: [...new Set(rights.map(formOf))].sort(), digests: digests.sort() };
};

/**
 * Salts that are the same each time for a lab.yaml, so that `labs verify` can make an edition for students again. Who
 * guesses the rest of that text pays for each guess as much as for an answer.
 * @returns the salt of a question, by any name that no other question has
 */
export const saltsFrom = async (definition: string): Promise<(question: string) => string> => {
  const key = await derive(definition, Buffer.from('labs pack --student'), digestBytes, cost);
  return (question) => createHmac('sha256', key).update(question).digest().subarray(0, saltBytes).toString('base64');
};
