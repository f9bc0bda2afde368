// Finds the network namespaces that open files keep: descriptors of namespaces, and sockets, which may be all that is
// left of a namespace. In perl, because Node has neither pidfd_getfd(2) nor the ioctls.
import { AgentError, startTool } from './run.ts';

export interface Search extends Disposable {
  /** Paths at which the namespaces can be opened while the search lasts. */
  readonly held: readonly Reference[];
}

/** A file of the network namespace whose name the kernel gives as `net:[4026532450]`. */
export interface Reference {
  readonly id: string;
  readonly path: string;
}

/** Only a student opens more sockets on a machine. */
const mostSockets = 100_000;
const timeoutMs = 10_000;

/**
 * A thread may have a table of descriptors of its own. The copy of a socket that pidfd_getfd(2) makes is closed at
 * once. Of each namespace, one descriptor stays open until the input ends. A device of tun is like a socket.
 *
 * Without perl's module POSIX, whose loading would take most of the time. Input: the process ids. Output:
 * `net:[…] PATH` for each namespace, `!` for what root has hidden, `?` for what this kernel does not show, then `.`.
 */
export const holdersProgram = String.raw`
use strict;
$| = 1;
my ($most, $arch) = @ARGV;
my ($CLOSE, $IOCTL, $KCMP) = $arch eq 'arm64' ? (57, 29, 272) : (3, 16, 312);
my ($PIDFD_OPEN, $PIDFD_GETFD, $SIOCGSKNS) = (434, 438, 0x894c);
my ($KCMP_FILES, $PIDFD_THREAD, $ENOSYS, $EPERM, $EINVAL) = (2, 0x80, 38, 1, 22);
my (%seen, %sockets, $count);
sub names { opendir(my $folder, $_[0]) or return; grep { /^\d/ } readdir $folder }
sub report { my ($id, $path) = @_; print "$id $path\n" unless $seen{$id}++ }
sub look {
  my ($pid, $tid, $own) = @_;
  my $folder = "/proc/$pid/task/$tid/fd";
  my $pidfd;
  for my $fd (names($folder)) {
    my $link = readlink "$folder/$fd";
    next unless defined $link;
    if ($link =~ /^net:\[/) { report($link, "$folder/$fd"); next }
    if ($link =~ /^socket:/) { next if $sockets{$link}++ }
    else {
      next unless substr($link, 0, 1) eq '/';
      my @stat = stat "$folder/$fd";
      next unless @stat && ($stat[2] & 0170000) == 0020000 && $stat[6] == 0x0ac8;
    }
    if (++$count > $most) { print "!\n"; return }
    $pidfd //= syscall($PIDFD_OPEN, $tid + 0, $own ? $PIDFD_THREAD : 0);
    if ($pidfd < 0) {
      print "!\n" if $own && $! == $EINVAL;
      print "?\n" if $! == $ENOSYS;
      return;
    }
    my $copy = syscall($PIDFD_GETFD, $pidfd, $fd + 0, 0);
    if ($copy < 0) { delete $sockets{$link}; print "?\n" if $! == $ENOSYS || $! == $EPERM; next }
    my $space = syscall($IOCTL, $copy, $SIOCGSKNS, 0);
    syscall($CLOSE, $copy);
    next if $space < 0;
    my $id = readlink("/proc/self/fd/$space") // '';
    if ($seen{$id}) { syscall($CLOSE, $space) } else { report($id, "/proc/$$/fd/$space") }
  }
  syscall($CLOSE, $pidfd) if defined $pidfd && $pidfd >= 0;
}
for my $pid (split ' ', <STDIN> // '') {
  look($pid, $pid, 0);
  my @threads = names("/proc/$pid/task");
  next if @threads < 2;
  for my $tid (@threads) {
    next if $tid == $pid || syscall($KCMP, $pid + 0, $tid + 0, $KCMP_FILES, 0, 0) == 0;
    look($pid, $tid, 1);
  }
}
print ".\n";
<STDIN>;
`;

/**
 * The namespaces that descriptors of these processes keep. They stay there until the search is disposed of.
 * @throws AgentError `FABRIC_HIDDEN` when root of the machine keeps some from being seen
 */
export const searchDescriptors = async (hostPids: readonly number[]): Promise<Search> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const held: Reference[] = [];
  const onLine = (line: string): void => {
    const [id = '', path = ''] = line.split(' ');
    if (line === '.') resolve();
    else if (id === '!')
      reject(new AgentError('FABRIC_HIDDEN', 'a process of the machine hides its sockets, or has too many of them'));
    else if (id === '?')
      reject(new AgentError('FABRIC_UNREADABLE', 'this kernel is too old to show the sockets of others'));
    else held.push({ id, path });
  };
  const failed = (): void => reject(new AgentError('FABRIC_TOOL', 'the search for sockets has failed'));
  const tool = startTool(['perl', '-e', holdersProgram, String(mostSockets), process.arch], { onLine, onEnd: failed });
  const timer = setTimeout(failed, timeoutMs);
  try {
    tool.write(`${hostPids.join(' ')}\n`);
    await promise;
    return { held, [Symbol.dispose]: () => tool[Symbol.dispose]() };
  } catch (error) {
    tool[Symbol.dispose]();
    throw error;
  } finally {
    clearTimeout(timer);
  }
};
