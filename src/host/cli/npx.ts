// Hints name commands as `labs check`. A user of npx has no `labs` on PATH and must type `npx labs check`.

/** Makes a function that puts `npx` before each command in a text. @param commands the names of all commands */
export const namesForNpx = (commands: readonly string[]): ((text: string) => string) => {
  const command = new RegExp(`(?<![\\w./-]|npx )labs (?=(?:${commands.join('|')})\\b|--)`, 'g');
  return (text) => text.replace(command, 'npx labs ');
};
