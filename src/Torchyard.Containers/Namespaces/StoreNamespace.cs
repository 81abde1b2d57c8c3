using System.Globalization;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Namespaces;

/// <summary>
/// The user namespace in which an ordinary user's layers are made and removed: the program runs there again, as the namespace's root.
/// Its ids are those of the user's containers, so that a file that root made in a layer is root's in the container.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="self">This program.</param>
public sealed class StoreNamespace(StorePaths store, SelfProgram self)
{
    /// <summary>Id inside, user and group alike, that belongs to the caller: the images' user <c>trainer</c>.</summary>
    public const uint CallerInside = 1000;

    /// <summary>The largest id that packages use: Debian's <c>nobody</c>.</summary>
    public const uint LargestId = 65534;

    /// <summary>True when the machine's own users are not all this process sees (user_namespaces(7)).</summary>
    internal static bool IsInside { get; } = !IsWholeMachine(File.ReadAllText("/proc/self/uid_map"));

    /// <summary>Runs this program inside; its standard input and standard error are this process's own.</summary>
    /// <param name="arguments">Its command line.</param>
    /// <param name="directory">Working directory of the program, which the paths of its command line may be relative to.</param>
    /// <param name="keepOutput">False to throw its standard output away.</param>
    /// <param name="cancellation">Ends it as Ctrl-C would.</param>
    /// <returns>Its exit status.</returns>
    /// <exception cref="TorchyardException">TY4004 to TY4006: this user has no such namespace.</exception>
    public async Task<int> RunAsync(IReadOnlyList<string> arguments, string directory, bool keepOutput, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var mapping = UserNamespace.CallerMapping(CallerInside);
        Require(mapping);
        using var space = await UserNamespace.CreateAsync(mapping, cancellation);
        var enter = NamespaceLauncher.NsenterArguments(space.Path, full: true);
        // What was killed before it could give its files back must not stand in the way.
        await GiveBackAsync(enter);
        try
        {
            var start = HostProcess.Prepare(HostProgram.Require("nsenter"), directory, [.. enter, self.Path, .. arguments]);
            start.RedirectStandardOutput = !keepOutput;
            using var process = HostProcess.Start(start);
            await using var stop = cancellation.Register(() =>
                _ = ProcessCalls.Kill(
                    process.Id,
                    15 /* SIGTERM */
                )
            );
            if (!keepOutput)
            {
                await process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            }

            await process.WaitForExitAsync(CancellationToken.None);
            if (cancellation.IsCancellationRequested)
            {
                // 128 and a signal's number: it was asked to stop, and has said what that means.
                throw process.ExitCode > 128 ? new StoppedInsideException(cancellation) : new OperationCanceledException(cancellation);
            }

            return process.ExitCode;
        }
        finally
        {
            await GiveBackAsync(enter);
        }
    }

    /// <summary>True when the caller can have such a namespace.</summary>
    public static bool IsForCaller =>
        HostProgram.Find("newuidmap") is not null
        && HostProgram.Find("newgidmap") is not null
        && Suffices(UserNamespace.CallerMapping(CallerInside));

    /// <summary>True when every id that Debian's packages use is mapped.</summary>
    /// <param name="mapping">What the user may map.</param>
    public static bool Suffices(IdMapping mapping)
    {
        ArgumentNullException.ThrowIfNull(mapping);
        return mapping.Full
            && IdMapping.ToOutside(mapping.Uids, LargestId) is not null
            && IdMapping.ToOutside(mapping.Gids, LargestId) is not null;
    }

    /// <summary>TY4006 unless every id that Debian's packages use is mapped.</summary>
    internal static void Require(IdMapping mapping) =>
        Require(mapping, HostProgram.Find("newuidmap") is not null && HostProgram.Find("newgidmap") is not null);

    /// <summary>TY4006 unless every id that Debian's packages use is mapped.</summary>
    internal static void Require(IdMapping mapping, bool hasTools)
    {
        if (Suffices(mapping))
        {
            return;
        }

        throw hasTools
            ? new TorchyardException(
                "TY4006",
                "layers have files of many users, and this user has no 65536 subordinate ids "
                    + "in /etc/subuid and /etc/subgid to give them to",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {Environment.UserName}"
                ) + " (another range where this one is taken); or run torchyard as root"
            )
            : new TorchyardException(
                "TY4006",
                "layers have files of many users, and newuidmap and newgidmap, which map an ordinary "
                    + "user's subordinate ids, are not on this machine",
                "as root: apt-get install uidmap (Fedora: shadow-utils); or run torchyard as root"
            );
    }

    /// <summary>True for the uid_map of a machine's initial namespace: all ids, each to itself.</summary>
    internal static bool IsWholeMachine(string map) =>
        map.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is ["0", "0", "4294967295"];

    /// <summary>
    /// Everything of the store but the insides of layers and of work in progress becomes the caller's, who reads and replaces it from
    /// outside.
    /// </summary>
    private async Task GiveBackAsync(IReadOnlyList<string> enter)
    {
        if (!Directory.Exists(store.Root))
        {
            // What ran inside has removed it.
            return;
        }

        var owner = string.Create(CultureInfo.InvariantCulture, $"{CallerInside}:{CallerInside}");
        var result = await HostCommand.RunAsync(
            HostProgram.Require("nsenter"),
            [
                .. enter,
                HostProgram.Require("find").Path,
                store.Root,
                "(",
                "-path",
                store.Layers + "/*/*",
                "-o",
                "-path",
                store.Temporary + "/*/*",
                "-o",
                "-path",
                store.Containers + "/*",
                ")",
                "-prune",
                "-o",
                "-uid",
                "0",
                "-exec",
                HostProgram.Require("chown").Path,
                "--no-dereference",
                owner,
                "{}",
                "+",
            ],
            bounds: ProgramBounds.Environment
        );
        if (result.ExitCode != 0)
        {
            throw new TorchyardException(
                "TY4007",
                $"files of the store {store.Root} could not be given to this user: {result.Error.Trim()}",
                "check that the store lies on a local disk and belongs to this user, or choose another with TORCHYARD_STORE"
            );
        }
    }
}

/// <summary>The program inside a user namespace was stopped and has told the user, who shares its standard error.</summary>
public sealed class StoppedInsideException(CancellationToken cancellation) : OperationCanceledException(cancellation);
