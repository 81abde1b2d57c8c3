namespace Torchyard.CommandLine;

/// <summary>
/// Options that docker and podman have and Torchyard has not: what stands for each, or why there is none. Looked at only when an option is
/// not known, so that a command line copied from a README ends with an answer and not with "no such option".
/// </summary>
internal static class EngineOptions
{
    private const string Everywhere = "";

    private const string Shares = "CPUs are limited by --cpus and --cpuset-cpus; there are no shares between containers";
    private const string Disk = "there are no limits on reading and writing disks";
    private const string Windows = "it is for Windows containers";
    private const string Hosts =
        "with --network host (the default) the machine's names hold; else mount a file of your own: -v ./hosts:/etc/hosts";
    private const string Resolver =
        "with --network host (the default) the machine's servers answer; else mount a file of your own: -v ./resolv.conf:/etc/resolv.conf";
    private const string Addresses =
        "containers have the machine's network or one of their own with published ports (-p); they have no addresses to choose";
    private const string Health =
        "Torchyard's services have checks of their own in the image ('torchyard up' waits for "
        + "them); check another program with 'torchyard exec'";
    private const string Capabilities = "a program has no capabilities, and root inside docker's default ones; none can be added";
    private const string Logs = "'torchyard logs' shows what it printed: 48 MiB are kept for each container, in its directory of the store";
    private const string Images =
        "images come with the logins and certificates that 'torchyard pull' has (docs/registry.md); --progress none is quiet";
    private const string Platform =
        "an image is for the architecture of its lock, which is this machine's: [base] architecture in the recipe";
    private const string OwnNamespace =
        "each container has its own; programs that shall see each other run in one container ('torchyard exec')";
    private const string Ids = "the ids of a container are chosen for it; --userns host has those of the machine";
    private const string Latest = "name the container; 'torchyard ps -a' lists the newest first";
    private const string EveryContainer = "name them, or let the shell do it: $(torchyard ps -q)";
    private const string Filters = "use 'torchyard ps --json' with jq, or grep";
    private const string ImageFilters = "use 'torchyard images --json' with jq, or grep";
    private const string Descriptors =
        "a program inside gets no descriptors of the caller; give it a file with -v, or standard input with -i";
    private const string Recipe =
        "an image is made from torchyard.toml, not from a Dockerfile: 'torchyard init' writes one, docs/recipe.md explains it";
    private const string BuildSandbox = "a build runs in a sandbox of its own without network; nothing of it can be chosen";

    private static readonly Dictionary<string, string> Short = new(StringComparer.Ordinal)
    {
        ["run -P"] = "--publish-all",
        ["run -a"] = "--attach",
        ["run -c"] = "--cpu-shares",
        ["run -q"] = "--quiet",
        ["exec -l"] = "--latest",
        ["ps -f"] = "--filter",
        ["ps -l"] = "--latest",
        ["ps -n"] = "--last",
        ["ps -p"] = "--pod",
        ["ps -s"] = "--size",
        ["ps -w"] = "--watch",
        ["logs -l"] = "--latest",
        ["stop -a"] = "--all",
        ["stop -f"] = "--filter",
        ["stop -i"] = "--ignore",
        ["stop -l"] = "--latest",
        ["stop -s"] = "--signal",
        ["inspect -f"] = "--format",
        ["inspect -s"] = "--size",
        ["restart -s"] = "--signal",
        ["kill -a"] = "--all",
        ["kill -l"] = "--latest",
        ["rm -a"] = "--all",
        ["rm -i"] = "--ignore",
        ["rm -l"] = "--link",
        ["rm -t"] = "--time",
        ["rm -v"] = "--volumes",
        ["rmi -a"] = "--all",
        ["rmi -i"] = "--ignore",
        ["images -a"] = "--all",
        ["images -f"] = "--filter",
        ["images -n"] = "--noheading",
        ["attach -l"] = "--latest",
        ["wait -i"] = "--interval",
        ["wait -l"] = "--latest",
        ["top -l"] = "--latest",
        ["build -c"] = "--cpu-shares",
        ["build -f"] = "--file",
        ["build -m"] = "--memory",
        ["build -q"] = "--quiet",
        ["build -t"] = "--tag",
    };

    private static readonly Dictionary<string, string> Rows = Table();

    /// <summary>What stands for an option, or why there is none; null when no engine has it either.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="word">As it was typed: <c>--ipc=host</c>, <c>-P</c>, <c>-itP</c>.</param>
    public static string? Instead(string verb, string word)
    {
        var option = word.Split('=', 2)[0];
        if (!option.StartsWith("--", StringComparison.Ordinal))
        {
            // Letters in a bunch: the first that another engine knows is the one that was not known here.
            return
                option.Skip(1).Select(letter => Short.GetValueOrDefault($"{verb} -{letter}")).FirstOrDefault(name => name is not null)
                    is { } whole
                ? Instead(verb, whole)
                : null;
        }

        // What is said for every verb is about containers.
        return Rows.GetValueOrDefault($"{verb} {option}") ?? (verb == "volume" ? null : Rows.GetValueOrDefault($"{Everywhere} {option}"));
    }

    /// <summary>Every row, as <c>VERB OPTION</c>; options of every verb have none.</summary>
    internal static IEnumerable<string> Names => Rows.Keys.Concat(Short.Keys);

    private static Dictionary<string, string> Table()
    {
        var rows = new Dictionary<string, string>(StringComparer.Ordinal);

        // What the README of every training framework has.
        Add("run", "each container has its own, with a /dev/shm of half of its memory; --shm-size sets that", "--ipc");
        Add("run", "not needed: the image's supervisor is process 1 and takes in what others leave behind", "--init", "--init-path");
        Add(
            "run",
            "leave it out: GPUs come with --gpus, directories with -v, the machine's network is the "
                + "default; what needs more than that needs docker",
            "--privileged"
        );
        Add("run", Capabilities, "--cap-add");
        Add("run", "not needed: " + Capabilities, "--cap-drop");
        Add(
            "run",
            "not needed: new privileges are off and docker's default system call filter is on; neither can be switched off",
            "--security-opt",
            "--seccomp-policy"
        );
        Add("run", "GPUs come with --gpus, and no other device is passed in", "--device", "--device-cgroup-rule");
        Add(
            "run",
            "'torchyard start NAME' starts a container again, and none starts by itself: let systemd or "
                + "a cluster's scheduler do that; services in an image are started again by its supervisor",
            "--restart"
        );
        Add("run", Images, "--authfile", "--tls-verify", "--disable-content-trust", "--quiet");
        Add("run", Platform, "--platform", "--arch", "--os", "--variant");
        Add("run", Hosts, "--add-host", "--no-hosts");
        Add("run", Resolver, "--dns", "--dns-opt", "--dns-option", "--dns-search");
        Add("run", "name the ports: -p 8888:8888", "--publish-all");
        Add("run", "not needed: every port is reachable inside; -p publishes one", "--expose");
        Add(
            "run",
            "containers do not see each other by name: use the machine's network (the default) and its ports, or one container",
            "--link",
            "--link-local-ip",
            "--network-alias",
            "--net-alias"
        );
        Add("run", Addresses, "--ip", "--ip6", "--mac-address");
        Add("run", OwnNamespace, "--pid", "--uts", "--pod", "--pod-id-file");
        Add("run", "--hostname takes a whole name with its domain", "--domainname");
        Add("run", "name the volumes and directories again: -v NAME:TARGET", "--volumes-from");
        Add(
            "run",
            "a volume is a directory of the store; mount another file system on the machine and name it with -v",
            "--volume-driver",
            "--storage-opt",
            "--image-volume"
        );
        Add("run", "no sysctl can be set in a container; set it on the machine", "--sysctl");
        Add("run", "the cgroups of containers lie below torchyard/ in the caller's own", "--cgroup-parent", "--cgroup-conf", "--cgroups");
        Add("run", "not needed: each container has a cgroup namespace of its own where its limits can be seen", "--cgroupns");
        Add(
            "run",
            "memory has one limit, --memory, and nothing beyond it is swapped out",
            "--memory-swap",
            "--memory-reservation",
            "--memory-swappiness",
            "--kernel-memory"
        );
        Add(
            "run",
            "a program over its memory limit is killed, and 'torchyard ps' says so; give it more with --memory",
            "--oom-kill-disable",
            "--oom-score-adj"
        );
        Add(
            "run",
            "use --cpus, which takes parts: --cpus 1.5",
            "--cpu-quota",
            "--cpu-period",
            "--cpu-rt-period",
            "--cpu-rt-runtime",
            "--cpu-count",
            "--cpu-percent"
        );
        Add("run", Shares, "--cpu-shares");
        Add("run", "memory comes from the nodes of the CPUs that --cpuset-cpus names; numactl inside binds it", "--cpuset-mems");
        Add(
            "run",
            Disk,
            "--blkio-weight",
            "--blkio-weight-device",
            "--device-read-bps",
            "--device-read-iops",
            "--device-write-bps",
            "--device-write-iops"
        );
        Add("run", Windows, "--isolation", "--io-maxbandwidth", "--io-maxiops");
        Add(
            "run",
            Health,
            "--health-cmd",
            "--health-interval",
            "--health-retries",
            "--health-start-interval",
            "--health-start-period",
            "--health-timeout",
            "--health-on-failure",
            "--no-healthcheck"
        );
        Add("run", Logs, "--log-driver", "--log-opt");
        Add("run", "-d prints the id; --name gives a name that scripts know", "--cidfile", "--pidfile", "--conmon-pidfile");
        Add("run", "use --label", "--annotation", "--label-file");
        Add("run", "output always comes here, input with -i", "--attach");
        Add("run", "ctrl-p ctrl-q leaves the terminal", "--detach-keys");
        Add("run", "signals are always passed on", "--sig-proxy");
        Add("run", "name each variable: -e NAME passes it on", "--env-host", "--env-merge", "--http-proxy");
        Add("run", "set it to nothing: -e NAME=", "--unsetenv", "--unsetenv-all");
        Add("run", "set it with -e TZ=Europe/Berlin", "--tz");
        Add("run", "the umask inside is 0022; set another in the program", "--umask");
        Add("run", Ids, "--uidmap", "--gidmap", "--subuidname", "--subgidname", "--hostuser", "--passwd", "--passwd-entry");
        Add("run", "mount the file read-only: --mount type=bind,source=FILE,target=/run/secrets/NAME,readonly; or -e NAME", "--secret");
        Add("run", "a root directory is made an image with 'torchyard capture'", "--rootfs");
        Add("run", "use --tmpfs for what must be written", "--read-only-tmpfs");
        Add("run", "remove the other one first: torchyard rm --force NAME", "--replace");
        Add("run", "--rm removes the container; 'torchyard rmi' removes an image", "--rmi");
        Add("run", "use timeout(1): torchyard run IMAGE timeout 60 PROGRAM", "--timeout");
        Add("run", "images have Torchyard's supervisor and no systemd", "--systemd", "--sdnotify");
        Add("run", "start them one after the other", "--requires");
        Add("run", "there is none; programs run as this machine's kernel runs them", "--personality", "--chrootdirs");
        Add("run", "a container gets no engine's socket; mount what it needs with -v", "--use-api-socket");
        Add("run", Descriptors, "--preserve-fds");

        Add("exec", "ctrl-p ctrl-q is for 'run' and 'attach'", "--detach-keys");
        Add("exec", "leave it out: -u root is the most that a program can get", "--privileged");
        Add("exec", "name each variable with -e, or source the file inside", "--env-file");
        Add("exec", Descriptors, "--preserve-fds");

        Add("ps", Filters, "--filter", "--format", "--noheading", "--sort", "--ns", "--pod");
        Add("ps", "use 'torchyard ps -a', newest first, with head", "--last", "--latest");
        Add("ps", "into a pipe or a file nothing is cut; --json has whole ids", "--no-trunc");
        Add("ps", "'torchyard top' shows memory; du shows the store's containers/ID/upper", "--size");
        Add("ps", "only Torchyard's containers are listed", "--external");
        Add("ps", "not needed: the state is read anew each time", "--sync");
        Add("ps", "use 'torchyard top', or watch(1)", "--watch");

        Add("logs", "use --since and --tail, or a pipe", "--until");
        Add("logs", "there are none: labels and variables are in 'torchyard ps --json'", "--details");
        Add("logs", "one container at a time", "--color", "--names");
        Add("stop", "use 'torchyard kill --signal', or run --stop-signal", "--signal");
        Add("inspect", "it prints JSON: pipe it to jq, as in torchyard inspect NAME | jq -r '.[0].id'", "--format");
        Add("inspect", "'torchyard images' has the sizes of images; du shows that of a container's directory", "--size");
        Add("start", "there are no checkpoints of running programs", "--checkpoint", "--checkpoint-dir");
        Add("start", "ctrl-p ctrl-q leaves the container", "--detach-keys");
        Add("restart", "use run --stop-signal, or 'torchyard kill --signal' and 'torchyard start'", "--signal");
        Add("rm", "not needed: volumes without a name go with their container; named ones stay", "--volumes");
        Add("rm", "containers are not linked", "--link", "--depend");
        Add("rm", "stop it first: torchyard stop --time SECONDS NAME", "--time");
        Add("rmi", "not needed: 'torchyard prune' frees layers that no image needs", "--no-prune");
        Add("rmi", Platform, "--platform");
        Add("rmi", "name them, or let the shell do it: $(torchyard images -q)", "--all");
        Add("images", "every image is listed; layers are shared parts, not images", "--all", "--history");
        Add("images", ImageFilters, "--filter", "--format", "--noheading", "--sort");
        Add("images", "use --digests", "--no-trunc");
        Add("attach", "ctrl-p ctrl-q leaves the container", "--detach-keys");
        Add("attach", "signals are always passed on", "--sig-proxy");
        Add("attach", "use 'torchyard logs --follow', which only shows", "--no-stdin");
        Add("wait", "it waits for the end, and notices it at once", "--condition", "--interval");

        Add("build", Recipe, "--file", "--build-arg", "--target", "--squash");
        Add("build", "name and tag are 'name' and '[image] tag' of the recipe", "--tag");
        Add("build", "use '[image] labels' of the recipe", "--label");
        Add(
            "build",
            "not needed: what the store has is used only when it is what the lock says; 'torchyard lock --upgrade' asks for newer packages",
            "--no-cache",
            "--pull",
            "--cache-from"
        );
        Add("build", "use --json, which prints the digest", "--iidfile");
        Add("build", "--progress none shows warnings only", "--quiet");
        Add("build", "layers are always compressed: --compression zstd or gzip", "--compress");
        Add("build", Platform, "--platform");
        Add("build", "nothing is left of a build", "--rm", "--force-rm");
        Add("build", "packages are checked against signatures and hashes, always", "--disable-content-trust");
        Add("build", BuildSandbox, "--network", "--add-host", "--security-opt", "--shm-size", "--ulimit", "--isolation", "--cgroup-parent");
        Add(
            "build",
            "a build takes what the machine has; run it in a systemd scope to limit it",
            "--memory",
            "--memory-swap",
            "--cpu-shares",
            "--cpu-period",
            "--cpu-quota",
            "--cpuset-cpus",
            "--cpuset-mems"
        );

        Add(Everywhere, Latest, "--latest");
        Add(Everywhere, EveryContainer, "--all", "--filter", "--cidfile");
        Add(Everywhere, "a name that is not there is an error; append '|| true'", "--ignore");
        return rows;

        void Add(string verb, string instead, params ReadOnlySpan<string> options)
        {
            foreach (var option in options)
            {
                rows.Add($"{verb} {option}", instead);
            }
        }
    }
}
