using System.Runtime.InteropServices;
using System.Text;

namespace Torchyard.Supervisor.Native;

/// <summary>A program to start.</summary>
internal sealed record SpawnRequest
{
    /// <summary>Program (looked for in PATH when it has no slash) and arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Whole environment, <c>NAME=value</c> each.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    /// <summary>Working directory; null for the supervisor's.</summary>
    public string? Directory { get; init; }

    /// <summary>Descriptor for standard output and error; null to share the supervisor's.</summary>
    public int? Output { get; init; }

    /// <summary>True to share the supervisor's standard input; else it is /dev/null.</summary>
    public bool ShareInput { get; init; }

    /// <summary>A session of its own (setsid(2)), so that a signal reaches all that it starts and no terminal is shared.</summary>
    public bool NewSession { get; init; }

    /// <summary>A process group of its own.</summary>
    public bool NewGroup { get; init; }

    /// <summary>
    /// That group is in the foreground of the terminal on standard input before the program runs. A shell that found itself in the
    /// background would stop until somebody continues it.
    /// </summary>
    public bool TakeTerminal { get; init; }
}

/// <summary>Starts programs with posix_spawn(3), which is safe in a process with threads, where fork(2) alone is not.</summary>
internal static partial class Spawn
{
    private const short FlagSetGroup = 2,
        FlagSetSignalDefaults = 4,
        FlagSetSignalMask = 8,
        FlagSetSession = 0x80;

    // glibc: posix_spawn_file_actions_t has 80 bytes, posix_spawnattr_t 336, sigset_t 128.
    private const int OpaqueSize = 512;

    /// <summary>Starts it and gives its process id.</summary>
    /// <exception cref="PosixException">It cannot be started; ENOENT and EACCES have the meaning that shells give 127 and 126.</exception>
    public static unsafe int Start(SpawnRequest request)
    {
        var actions = stackalloc byte[OpaqueSize];
        var attributes = stackalloc byte[OpaqueSize];
        var signals = stackalloc byte[OpaqueSize];
        FileActionsInit(actions);
        AttributesInit(attributes);
        try
        {
            short flags = FlagSetSignalDefaults | FlagSetSignalMask;
            SignalSetFill(signals);
            AttributesSetDefaults(attributes, signals);
            SignalSetEmpty(signals);
            AttributesSetMask(attributes, signals);
            if (request.NewSession)
            {
                flags |= FlagSetSession;
            }

            if (request.NewGroup)
            {
                flags |= FlagSetGroup;
            }

            AttributesSetFlags(attributes, flags);
            if (request.TakeTerminal)
            {
                Check(AddSetForegroundGroup(actions, 0), "terminal");
            }

            if (!request.ShareInput)
            {
                Check(AddOpen(actions, 0, "/dev/null", Libc.OpenReadOnly, 0), "/dev/null");
            }

            if (request.Output is { } output)
            {
                Check(AddDuplicate(actions, output, 1), "standard output");
                Check(AddDuplicate(actions, output, 2), "standard error");
            }

            if (request.Directory is not null)
            {
                Check(AddChangeDirectory(actions, request.Directory), request.Directory);
            }

            var program = request.Command[0];
            var arguments = Strings(request.Command);
            var environment = Strings(request.Environment);
            try
            {
                int process;
                Check(StartProgram(&process, program, actions, attributes, arguments, environment), "cannot start " + program);
                return process;
            }
            finally
            {
                Free(arguments);
                Free(environment);
            }
        }
        finally
        {
            AttributesDestroy(attributes);
            FileActionsDestroy(actions);
        }
    }

    /// <summary>Becomes another program with the same environment (execve(2)); returns only when that fails.</summary>
    public static unsafe void Replace(string path, IReadOnlyList<string> arguments)
    {
        var array = Strings(arguments);
        _ = Execute(path, array);
        var error = Marshal.GetLastPInvokeError();
        Free(array);
        Marshal.SetLastPInvokeError(error);
    }

    private static void Check(int error, string what)
    {
        if (error != 0)
        {
            throw new PosixException(error, what);
        }
    }

    private static unsafe byte** Strings(IReadOnlyList<string> values)
    {
        var array = (byte**)NativeMemory.AllocZeroed((nuint)values.Count + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < values.Count; i++)
        {
            var size = Encoding.UTF8.GetByteCount(values[i]);
            array[i] = (byte*)NativeMemory.Alloc((nuint)size + 1);
            Encoding.UTF8.GetBytes(values[i], new Span<byte>(array[i], size));
            array[i][size] = 0;
        }

        return array;
    }

    private static unsafe void Free(byte** array)
    {
        for (var at = array; *at is not null; at++)
        {
            NativeMemory.Free(*at);
        }

        NativeMemory.Free(array);
    }

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Execute(string path, byte** arguments);

    [LibraryImport("libc", EntryPoint = "posix_spawnp", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StartProgram(
        int* process,
        string file,
        byte* actions,
        byte* attributes,
        byte** arguments,
        byte** environment
    );

    // The initialisers and setters below cannot fail in glibc with valid arguments.
    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static unsafe partial void FileActionsInit(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static unsafe partial void FileActionsDestroy(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int AddOpen(byte* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static unsafe partial int AddDuplicate(byte* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int AddChangeDirectory(byte* actions, string path);

    /// <summary>glibc 2.35.</summary>
    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addtcsetpgrp_np")]
    private static unsafe partial int AddSetForegroundGroup(byte* actions, int descriptor);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static unsafe partial void AttributesInit(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static unsafe partial void AttributesDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static unsafe partial void AttributesSetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static unsafe partial void AttributesSetDefaults(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static unsafe partial void AttributesSetMask(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static unsafe partial void SignalSetFill(byte* signals);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    private static unsafe partial void SignalSetEmpty(byte* signals);
}
