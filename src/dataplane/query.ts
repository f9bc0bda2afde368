// Finds a table in a rule set, and a match in a rule.
import type { Match, MatchKind, Rule, Ruleset, Table } from './model.ts';

export const findTable = (ruleset: Ruleset, name: string): Table | undefined =>
  ruleset.tables.find((table) => table.name === name);

/** The first match of a kind, with the type of that kind. */
export const matchOf = <K extends MatchKind>(rule: Rule, kind: K): Extract<Match, { kind: K }> | undefined =>
  rule.matches.find((match): match is Extract<Match, { kind: K }> => match.kind === kind);
