// Attempts by system calls that only the machine's own root may make.
import { hostname } from 'node:os';
import { type Attack, perl } from './attack.ts';

export const kernelCalls: readonly Attack[] = [
  {
    what: 'load or remove a kernel module',
    script: perl(`
      open my $file, '<', '/etc/hostname' or die; my $name = "labs_no_such_module\\0";
      right('finit_module', call('finit_module', fileno $file, "\\0", 0));
      right('delete_module', call('delete_module', $name, 2048));`),
  },
  {
    what: 'start another kernel by kexec',
    // The flag does not exist, so that nothing is loaded.
    script: perl(`right('kexec_load', call('kexec_load', 0, 0, 0, 0x8000));`),
  },
  {
    what: 'load a bpf program that sees all processes, or list those of the machine',
    script: perl(`
      my ($license, $code) = ("GPL\\0", pack('CCsl CCsl', 0xb7, 0, 0, 0, 0x95, 0, 0, 0));
      # Type 2 is a kprobe, 5 a tracepoint, 8 a filter of a cgroup, 15 a filter of devices.
      for my $type (2, 5, 8, 15) {
        my @at = map { unpack 'Q', pack 'p', $_ } $code, $license;
        my $attributes = pack('LLQQ', $type, 2, @at) . "\\0" x 96;
        verdict("bpf program of type $type", call('bpf', 5, $attributes, length $attributes));
      }
      for my $list (11, 12) { my $next = "\\0" x 120; right("bpf list $list", call('bpf', $list, $next, 120)); }`),
  },
  {
    what: 'count events of all processes with perf',
    script: perl(`
      # A software event, the clock of processor 0, of every process.
      my $event = pack('LLQ', 1, 112, 0) . "\\0" x 96;
      verdict('perf_event_open', call('perf_event_open', $event, -1, 0, -1, 0));`),
  },
  { what: 'handle page faults of the kernel', script: perl(`verdict('userfaultfd', call('userfaultfd', 0));`) },
  {
    what: 'make system calls by io_uring, which no filter sees',
    script: perl(`my $ring = "\\0" x 120; verdict('io_uring_setup', call('io_uring_setup', 1, $ring));`),
  },
  {
    what: 'use a file as swap of the machine',
    script: perl(`my $path = "/labs-no-such-file\\0"; right('swapon', call('swapon', $path, 0));`),
  },
  {
    what: "read or set disk quotas of the machine's users",
    script: perl(`
      for my $path ('/', '/etc/hosts', '/etc/hostname', '/var/lib/images') {
        open my $file, '<', $path or next; my $answer = "\\0" x 256;
        right("quota on $path", call('quotactl_fd', fileno $file, 0x80000700, 12345, $answer));
      }`),
  },
  {
    what: 'set the clock of the machine',
    // Sets the frequency to what it is already.
    script: perl(`
      my $clock = "\\0" x 256; call('adjtimex', $clock); substr($clock, 0, 4) = pack('L', 2);
      verdict('adjtimex', call('adjtimex', $clock));`),
  },
  {
    what: 'talk to the ports of hardware',
    script: perl(`if ($arm) { print "refused: no ports on arm64\\n" } else { verdict('iopl', call('iopl', 3)) }`),
  },
  {
    what: 'have priority over the programs of the machine',
    script: `attempt chrt --fifo 1 true; attempt chrt --rr 1 true; attempt ionice --class 1 true
      (echo -900 > /proc/self/oom_score_adj) 2> /dev/null && escaped 'is killed last' || refused oom_score_adj
      [ $(nice -n -5 nice 2> /dev/null) -ge 0 ] && refused nice || escaped nice`,
  },
  {
    what: "read the kernel's log",
    prepare: async ({ host, secret }) => {
      await host.sh(`echo 'labs: a line of a test: ${secret}' > /dev/kmsg`);
      return { [Symbol.asyncDispose]: async () => {} };
    },
    script: `dmesg | grep 'labs: a line of a test'; allow_devices
      for file in /dev/kmsg $(device c 1 11) /proc/kmsg; do reads $file $file; done
      ${perl("my $log = \"\\0\" x 65536; verdict('syslog', call('syslog', 3, $log, 65536));")}`,
  },
  {
    what: 'speak to the hypervisor by vsock',
    // A socket of this family belongs to no network namespace. The attempt sends nothing.
    script: perl(`my $made = socket my $socket, 40, SOCK_STREAM, 0; verdict('vsock', $made ? 0 : -1);`),
  },
  {
    what: 'change the name of the machine',
    from: ['node'],
    script: `old=$(hostname); hostname labs-attack && refused 'changed the name of the node'
      nsenter --target 1 --uts hostname labs-attack; hold; nsenter --target 1 --uts hostname $old; hostname $old`,
    meanwhile: async () => (hostname() === 'labs-attack' ? 'the machine has the name of the attack' : undefined),
  },
  {
    what: 'restart the machine',
    // A reboot in a pid namespace ends the namespace. The suite that fills the machine tries a real one.
    script: `case $(readlink /proc/self/ns/pid) in
        pid:\\[4026531836\\]) escaped 'it is in the pid namespace of the machine';;
        *) ${perl(`verdict('ctrl-alt-del', call('reboot', 0xfee1dead, 672274793, 0, 0));`)}
      esac`,
  },
];
