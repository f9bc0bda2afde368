// The program that runs a command on a terminal. crun's own relay loses output that is unread when the command ends, so
// crun hands the terminal over (`--console-socket`), and this program relays it. It is in Perl, which each Debian has,
// because Node cannot receive file descriptors. Lines "ROWS COLUMNS" on descriptor 3 set the terminal's size.
const script = `
use strict; use warnings; use Socket; use Fcntl; use POSIX qw(WNOHANG);
my ($receive, $path, @command) = @ARGV;
my $server;
socket($server, PF_UNIX, SOCK_STREAM, 0) && bind($server, sockaddr_un($path)) && listen($server, 1)
  or die "cannot listen for the terminal: $!\\n";
pipe(my $ended, my $end) or die "pipe: $!\\n";
open(my $sizes, '<&=', 3) or die "no pipe for sizes: $!\\n";
fcntl($sizes, F_SETFD, FD_CLOEXEC);
$SIG{CHLD} = sub { syswrite $end, '.' };
defined(my $pid = fork) or die "fork: $!\\n";
if (!$pid) { open(STDIN, '<', '/dev/null'); exec(@command) or die "$command[0]: $!\\n" }
my ($status, $master, $client);
sub ready { my $set = ''; vec($set, fileno $_, 1) = 1 for @_; $set }
sub reap { $status = $? if !defined $status && waitpid($pid, WNOHANG) == $pid }
sub leave { exit($status & 127 ? 128 + ($status & 127) : $status >> 8) }
until ($master) {
  my $set = ready($server, $ended);
  next if select($set, undef, undef, undef) < 1;
  if (vec($set, fileno $server, 1)) {
    accept($client, $server) or die "accept: $!\\n";
    my $name = pack('x4096');
    my $control = pack('x64');
    my $part = pack('P Q', $name, 4096);
    my $message = pack('Q L x4 P Q P Q l x4', 0, 0, $part, 1, $control, 64, 0);
    syscall($receive + 0, fileno $client, $message, 0) > 0 or die "no terminal: $!\\n";
    open($master, '+<&=', unpack('x16 l', $control)) or die "no terminal: $!\\n";
  } else {
    sysread $ended, my $byte, 1;
    reap();
    leave() if defined $status;
  }
}
sub resize { ioctl($master, 0x5414, pack('S4', $1, $2, 0, 0)) if $_[0] =~ /(\\d+) (\\d+)\\n$/ }
sub put {
  my ($to, $text) = @_;
  while (length $text) {
    my $sent = syswrite $to, $text;
    next if !defined $sent && $!{EINTR};
    return if !$sent;
    substr($text, 0, $sent) = '';
  }
}
# Input waits here while the command does not read it: the command may be writing, and output must go on.
my $pending = '';
sub type {
  my $sent = syswrite $master, $pending;
  return if !defined $sent && ($!{EAGAIN} || $!{EINTR});
  $pending = $sent ? substr($pending, $sent) : '';
}
fcntl($master, F_SETFL, O_RDWR | O_NONBLOCK);
my %inputs = map { fileno($_) => $_ } \\*STDIN, $sizes, $master, $ended;
while (!defined $status && $inputs{fileno $master}) {
  my $set = ready(grep { $pending eq '' || fileno $_ } values %inputs);
  my $free = $pending eq '' ? '' : ready($master);
  next if select($set, $free, undef, undef) < 1;
  type() if vec($free, fileno $master, 1);
  for my $from (grep { vec($set, fileno $_, 1) } values %inputs) {
    my $got = sysread $from, my $text, 65536;
    next if !defined $got && ($!{EINTR} || $!{EAGAIN});
    if (!$got) { delete $inputs{fileno $from} }
    elsif ($from == $master) { put(\\*STDOUT, $text) }
    elsif ($from == $sizes) { resize($text) }
    elsif ($from == $ended) { reap() }
    else { $pending .= $text }
  }
}
if (!defined $status) { $SIG{CHLD} = 'DEFAULT'; waitpid($pid, 0) == $pid and $status = $? }
# All that the command wrote is in the terminal now: a read that would have to wait is the end.
while (sysread $master, my $text, 65536) { put(\\*STDOUT, $text) }
leave();
`;

/** The number of the system call recvmsg. */
const receive: Readonly<Record<string, number>> = { x64: 47, arm64: 212 };

/** @param socket a path that does not exist yet @param argv a command that sends its terminal to the socket */
export const terminalRelayArgv = (socket: string, argv: readonly string[]): string[] => [
  ...['perl', '-e', script, String(receive[process.arch]), socket],
  ...argv,
];
