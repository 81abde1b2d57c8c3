using System.Diagnostics;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Oci;
using Torchyard.Containers.Runtimes;
using Torchyard.Images.Sandbox;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Sandbox;

/// <summary>
/// Runs programs in a root file system through an OCI runtime: own process, mount, network, IPC and UTS namespaces, Docker's default
/// capabilities, no network unless asked, no new privileges. Rootless, the caller is root inside, and other ids come from /etc/subuid.
/// </summary>
/// <param name="store">Where the bundle is made.</param>
/// <param name="runtimes">Gives the runtime.</param>
/// <param name="self">This program, for user namespaces.</param>
public sealed class OciRootSandbox(StorePaths store, IOciRuntimeSource runtimes, SelfProgram self) : IRootSandbox
{
    private const long SharedMemory = 256L << 20;

    // Compilers on a machine of 256 CPUs need some thousands.
    private const long MostProcesses = 16384;

    /// <inheritdoc />
    public async Task<SandboxResult> RunAsync(SandboxRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var needsNamespace = UserCalls.EffectiveUser() != 0;
        var rootless = needsNamespace || StoreNamespace.IsInside;
        var layout = CgroupLayout.Detect();
        using var work = BuildDirectory.Create(store);
        var id = SandboxCgroups.NewId();
        var bundle = Path.Combine(work.Path, id);
        var command = new RuntimeCommand(
            await runtimes.GetAsync(cancellation),
            Path.Combine(bundle, "runtime"),
            UseCgroups: !rootless && layout is { Mode: not CgroupMode.None, Writable: true },
            rootless
        );
        if (command.UseCgroups)
        {
            SandboxCgroups.RemoveAbandoned(layout);
        }

        Directory.CreateDirectory(Path.Combine(bundle, "rootfs"));
        try
        {
            // Changes that are to be thrown away are made in the bundle, and go with it.
            var overlay = OverlayPaths.Plan(
                Path.Combine(bundle, "l"),
                request.Lower,
                request.Upper ?? Directory.CreateDirectory(Path.Combine(bundle, "upper")).FullName,
                request.Work ?? Directory.CreateDirectory(Path.Combine(bundle, "work")).FullName,
                Path.Combine(bundle, "rootfs")
            );
            var filters = new FilterCache(store);
            var (configuration, newFilter) = filters.Add(Configuration(request, command, id), command.Runtime);
            if (newFilter is not null)
            {
                // The runtime has deleted its state when it comes back, so the filter is taken while the program runs.
                request = request with { OnLine = KeepFilter(request.OnLine, () => filters.Keep(newFilter, command.StateDirectory, id)) };
            }

            AtomicFile.Write(Path.Combine(bundle, "config.json"), OciJson.Serialize(configuration));
            var plan = new NamespacePlan
            {
                CgroupCover = command.Cover(layout),
                Overlay = overlay with { UserXattr = rootless, Volatile = true },
            };
            return needsNamespace
                ? await RunRootlessAsync(request, command, plan, bundle, id, cancellation)
                : await RunToEndAsync(request, command, plan, bundle, id, userNamespace: null, cancellation);
        }
        finally
        {
            await RemoveAsync(bundle, needsNamespace);
        }
    }

    private async Task<SandboxResult> RunRootlessAsync(
        SandboxRequest request,
        RuntimeCommand command,
        NamespacePlan plan,
        string bundle,
        string id,
        CancellationToken cancellation
    )
    {
        using var space = await UserNamespace.CreateAsync(UserNamespace.CallerMapping(callerInside: 0), cancellation);
        return await RunToEndAsync(request, command, plan, bundle, id, space, cancellation);
    }

    private async Task<SandboxResult> RunToEndAsync(
        SandboxRequest request,
        RuntimeCommand command,
        NamespacePlan plan,
        string bundle,
        string id,
        UserNamespace? userNamespace,
        CancellationToken cancellation
    )
    {
        var log = Path.Combine(bundle, "runtime.log");
        var start = command.Start(log, "run", "--bundle", bundle, id);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using var process = Launch(plan, start, "plan.json");
        process.StandardInput.Close();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var kill = stop.Token.Register(Kill);
        stop.CancelAfter(request.Bounds.Time);
        var lines = new LineCollector(request.OnLine);
        await Task.WhenAll(lines.ReadAsync(process.StandardOutput), lines.ReadAsync(process.StandardError));
        await process.WaitForExitAsync(CancellationToken.None);
        cancellation.ThrowIfCancellationRequested();
        if (stop.IsCancellationRequested)
        {
            throw request.Bounds.Expired($"{request.Arguments[0]} in the build sandbox");
        }

        if (process.ExitCode != 0 && RuntimeLog.FirstError(log) is { } failure)
        {
            throw new TorchyardException(
                "TY4011",
                $"{command.Runtime.Name} could not start {request.Arguments[0]} in the build sandbox: {failure}",
                "run torchyard doctor, which checks what this machine lacks for containers"
            )
            {
                MayBeFullDisk = true,
            };
        }

        if (
            process.ExitCode == SelfVerbs.Failed
            && userNamespace is not null
            && lines.Tail.StartsWith("torchyard: ", StringComparison.Ordinal)
        )
        {
            throw new TorchyardException(
                "TY4012",
                lines.Tail["torchyard: ".Length..],
                "run torchyard doctor, which checks what this machine lacks for containers"
            )
            {
                MayBeFullDisk = true,
            };
        }

        return new SandboxResult(process.ExitCode, lines.Tail);

        Process Launch(NamespacePlan what, ProcessStartInfo program, string planFile) =>
            userNamespace is null
                ? NamespaceLauncher.StartAsRoot(what, program)
                : NamespaceLauncher.StartInUserNamespace(
                    userNamespace.Path,
                    userNamespace.Mapping.Full,
                    what,
                    Path.Combine(bundle, planFile),
                    program,
                    self
                );

        void Kill()
        {
            try
            {
                // Only the runtime knows the first process of the container; with it the kernel ends all others.
                var program = command.Start(log, "delete", "--force", id);
                program.RedirectStandardError = true;
                using var delete = Launch(new NamespacePlan { CgroupCover = plan.CgroupCover }, program, "kill.json");
                HostProcess.Wait(delete, ProgramBounds.Answer, $"{command.Runtime.Name} delete");
            }
            catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
            {
                // Called by a timer, which nobody listens to: without the runtime's help its own process has to go, with all that it
                // started.
                HostProcess.Kill(process);
            }
        }
    }

    private static Action<string> KeepFilter(Action<string>? onLine, Action keep)
    {
        var once = 0;
        return line =>
        {
            if (Interlocked.Exchange(ref once, 1) == 0)
            {
                keep();
            }

            onLine?.Invoke(line);
        };
    }

    private static RuntimeConfig Configuration(SandboxRequest request, RuntimeCommand command, string id)
    {
        var mounts = RuntimeDefaults.BaseMounts(SharedMemory, hasTerminalGroup: false).ToList();
        mounts.AddRange(request.ReadOnlyMounts.Select(m => RuntimeDefaults.Bind(m.Key, m.Value, readOnly: true)));
        mounts.AddRange(request.WritableMounts.Select(m => RuntimeDefaults.Bind(m.Key, m.Value, readOnly: false)));
        List<NamespaceConfig> namespaces = [new("pid"), new("mount"), new("ipc"), new("uts")];
        if (!request.HostNetwork)
        {
            namespaces.Add(new NamespaceConfig("network"));
        }

        return new RuntimeConfig
        {
            Hostname = "localhost",
            Root = new RootConfig("rootfs", Readonly: false),
            Process = new ProcessConfig
            {
                User = new UserConfig { Umask = FileModes.UsualUmask },
                Args = request.Arguments,
                Env = [.. request.Environment.Select(v => $"{v.Key}={v.Value}")],
                Cwd = "/",
                // Raw packets would reach the machine's neighbours where its network is shared.
                Capabilities = CapabilitiesConfig.Of([
                    .. RuntimeDefaults.Capabilities.Where(c => c != "CAP_NET_RAW" || !request.HostNetwork),
                ]),
                NoNewPrivileges = true,
            },
            Mounts = mounts,
            Linux = new LinuxConfig
            {
                Namespaces = namespaces,
                CgroupsPath = command.UseCgroups ? SandboxCgroups.PathOf(id) : null,
                Resources = command.UseCgroups ? Resources() : null,
                Seccomp = SeccompProfile.Default(RuntimeDefaults.Capabilities, setIdBits: true),
                MaskedPaths = RuntimeDefaults.MaskedPaths,
                ReadonlyPaths = RuntimeDefaults.ReadonlyPaths,
            },
        };
    }

    /// <summary>No device but those that every container has, and an end to memory and processes before the machine's.</summary>
    private static ResourcesConfig Resources()
    {
        return new ResourcesConfig
        {
            Devices = [new DeviceRule { Allow = false }],
            Memory = new MemoryResources(MachineResources.Detect().DefaultMemory, null),
            Pids = new PidsResources(MostProcesses),
        };
    }

    private static async Task RemoveAsync(string bundle, bool rootless)
    {
        try
        {
            ConfinedDirectory.Remove(bundle);
        }
        catch (Exception error) when (rootless && error is UnauthorizedAccessException or IOException)
        {
            await UserNamespace.RemoveTreeAsync(bundle, CancellationToken.None);
        }
    }
}
