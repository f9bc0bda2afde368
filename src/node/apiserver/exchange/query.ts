// Switches in a request's query.

/** `?watch`, `?watch=1`, `?watch=true` */
export const isTrue = ({ searchParams }: URL, name: string): boolean => {
  const value = searchParams.get(name);
  return value !== null && value !== '0' && value !== 'false';
};

/** `?dryRun=All` */
export const isDryRun = ({ searchParams }: URL): boolean => searchParams.getAll('dryRun').includes('All');
