# Sends UDP packets from network namespaces, and tells which namespaces received them.
#   witness.pl NAMESPACE…
# Commands, one a line:
#   u NAMESPACE DESTINATION PORT ID    a process in NAMESPACE sends a packet
#   b NAMESPACE DESTINATION…           waits until a control packet from there has come to each destination; prints
#                                      `s NAMESPACE SOURCE DESTINATION PORT ID` for each packet received, then `done`
#   a ID                               the receiver of the packet ID answers it
#   g ID                               prints `yes` if the sender's socket has got the answer, else `no`
use strict;
use warnings;
use Fcntl;
use Socket;
$| = 1;

my $arm = `uname -m` =~ /aarch64/;
my (%handle, %witness, %sender, %received);
sub enter {
    my ($name) = @_;
    $handle{$name} //= do { open(my $file, '<', "/run/netns/$name") or die "netns $name: $!"; $file };
    syscall($arm ? 268 : 308, fileno($handle{$name}), 0) == 0 or die "setns $name: $!";
}
for my $name (@ARGV) {
    enter($name);
    socket(my $socket, AF_INET, SOCK_RAW, 17) or die "raw socket: $!";
    fcntl($socket, F_SETFL, fcntl($socket, F_GETFL, 0) | O_NONBLOCK) or die "fcntl: $!";
    $witness{$name} = $socket;
}

sub transmit {
    my ($name, $to, $port, $id) = @_;
    enter($name);
    socket(my $socket, AF_INET, SOCK_DGRAM, 17) or die "socket: $!";
    # A connected socket takes an answer from this address only.
    connect($socket, pack_sockaddr_in($port, inet_aton($to))) or return;
    send($socket, pack('N', $id), 0);
    $sender{$id} = $socket if $port != 9;
}
sub answer {
    my ($id) = @_;
    my ($name, $to, $to_port, $from, $from_port) = @{$received{$id}};
    enter($name);
    socket(my $socket, AF_INET, SOCK_DGRAM, 17) or die "socket: $!";
    bind($socket, pack_sockaddr_in($from_port, $from)) or die "bind: $!";
    send($socket, pack('N', $id), 0, pack_sockaddr_in($to_port, $to));
}
sub is_answered {
    my ($id) = @_;
    my $socket = $sender{$id} or return 0;
    # Nothing listens where the packet came, so the first thing that comes back may be an error.
    for (1 .. 3) {
        my $packet;
        return 1 if defined recv($socket, $packet, 64, MSG_DONTWAIT) && $packet eq pack('N', $id);
    }
    return 0;
}

my ($control, @seen) = (0);
sub look {
    my ($waiting) = @_;
    for my $name (keys %witness) {
        while (defined recv($witness{$name}, my $packet, 65536, 0)) {
            my ($source, $destination, $port, $id) = unpack('x12 a4 a4 x2 n x4 N', $packet);
            my $source_port = unpack('x20 n', $packet);
            next unless defined $id;
            if ($port == 9) { delete $waiting->{inet_ntoa($destination)} if $id == $control; }
            else {
                $received{$id} //= [$name, $source, $source_port, $destination, $port];
                push @seen, join(' ', 's', $name, inet_ntoa($source), inet_ntoa($destination), $port, $id);
            }
        }
    }
}

print "ready\n";
while (defined(my $line = <STDIN>)) {
    my ($verb, $name, @words) = split ' ', $line;
    if ($verb eq 'u') { transmit($name, @words); next; }
    if ($verb eq 'a') { answer($name); next; }
    if ($verb eq 'g') { print is_answered($name) ? "yes\n" : "no\n"; next; }
    $control += 1;
    my %waiting = map { $_ => 1 } @words;
    transmit($name, $_, 9, $control) for @words;
    my $deadline = time + 20;
    while (%waiting) { look(\%waiting); die "a control packet was lost\n" if time > $deadline; }
    look({});
    print join("\n", @seen, 'done'), "\n";
    @seen = ();
}
