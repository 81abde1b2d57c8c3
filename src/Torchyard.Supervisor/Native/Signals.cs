using System.Globalization;
using System.Runtime.InteropServices;

namespace Torchyard.Supervisor.Native;

/// <summary>
/// Signals to this process, through a descriptor (signalfd(2)) that the event loop waits on. For that they must be blocked in every
/// thread, also in those that the runtime starts before Main: the program starts itself once more with the signals blocked, and all
/// threads of the second life inherit that. PosixSignalRegistration is not a way: as process 1 it reaps every child itself.
/// </summary>
internal sealed partial class Signals : IDisposable
{
    public const int HangUp = 1,
        Interrupt = 2,
        Quit = 3,
        Kill = 9,
        User1 = 10,
        User2 = 12,
        BrokenPipe = 13,
        Terminate = 15,
        Child = 17,
        Continue = 18,
        TerminalStop = 20,
        TerminalInput = 21,
        TerminalOutput = 22,
        WindowChange = 28;

    private const int SetSize = 128;
    private const int InfoSize = 128;
    private const int Block = 0;

    private static readonly int[] Handled =
    [
        HangUp,
        Interrupt,
        Quit,
        User1,
        User2,
        BrokenPipe,
        Terminate,
        Child,
        Continue,
        TerminalStop,
        TerminalInput,
        TerminalOutput,
        WindowChange,
    ];

    private static readonly (int Number, string Name)[] Known =
    [
        (HangUp, "SIGHUP"),
        (Interrupt, "SIGINT"),
        (Quit, "SIGQUIT"),
        (4, "SIGILL"),
        (6, "SIGABRT"),
        (7, "SIGBUS"),
        (8, "SIGFPE"),
        (Kill, "SIGKILL"),
        (User1, "SIGUSR1"),
        (11, "SIGSEGV"),
        (User2, "SIGUSR2"),
        (13, "SIGPIPE"),
        (14, "SIGALRM"),
        (Terminate, "SIGTERM"),
        (Child, "SIGCHLD"),
        (Continue, "SIGCONT"),
        (WindowChange, "SIGWINCH"),
    ];

    /// <summary>Opens the queue. <see cref="EnsureBlocked"/> was called at the start of the program.</summary>
    public unsafe Signals()
    {
        var set = stackalloc byte[SetSize];
        Fill(set);
        Descriptor = OpenDescriptor(-1, set, Libc.OpenCloseOnExec | Libc.OpenNonBlocking);
        if (Descriptor < 0)
        {
            throw PosixException.Last("signalfd");
        }
    }

    /// <summary>Readable when signals wait.</summary>
    public int Descriptor { get; }

    /// <summary>Name of a signal, else its number.</summary>
    public static string Name(int signal) =>
        Array.Find(Known, known => known.Number == signal).Name ?? signal.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads <c>SIGTERM</c>, <c>TERM</c> or <c>15</c>.</summary>
    public static bool TryParse(string text, out int signal)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out signal))
        {
            return signal is > 0 and < 65;
        }

        signal = Array.Find(Known, known => known.Name == text || known.Name.AsSpan(3).SequenceEqual(text)).Number;
        return signal != 0;
    }

    /// <summary>Blocks the handled signals, by starting the program once more if they are not blocked yet.</summary>
    /// <param name="arguments">Arguments of the program.</param>
    public static unsafe void EnsureBlocked(IReadOnlyList<string> arguments)
    {
        var set = stackalloc byte[SetSize];
        var before = stackalloc byte[SetSize];
        Fill(set);
        _ = ChangeMask(Block, set, before);
        if (Contains(before))
        {
            return;
        }

        // By its path, as the name of /proc/self/exe would become that of the process; by the latter where the file is out of sight.
        var path = Environment.ProcessPath ?? "/proc/self/exe";
        string[] program = [path, .. arguments];
        Spawn.Replace(path, program);
        Spawn.Replace("/proc/self/exe", program);
        throw PosixException.Last("cannot start " + path + " again");
    }

    /// <summary>Takes all signals that came since the last call; equal ones may have become one.</summary>
    public unsafe IReadOnlyList<int> Take()
    {
        var taken = new List<int>();
        var info = stackalloc byte[InfoSize];
        while (Libc.Read(Descriptor, info, InfoSize) == InfoSize)
        {
            taken.Add(*(int*)info);
        }

        return taken;
    }

    public void Dispose() => Libc.Close(Descriptor);

    private static unsafe void Fill(byte* set)
    {
        new Span<byte>(set, SetSize).Clear();
        foreach (var signal in Handled)
        {
            set[(signal - 1) / 8] |= (byte)(1 << ((signal - 1) % 8));
        }
    }

    private static unsafe bool Contains(byte* set)
    {
        foreach (var signal in Handled)
        {
            if ((set[(signal - 1) / 8] & (1 << ((signal - 1) % 8))) == 0)
            {
                return false;
            }
        }

        return true;
    }

    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    private static unsafe partial int ChangeMask(int how, byte* set, byte* before);

    [LibraryImport("libc", EntryPoint = "signalfd", SetLastError = true)]
    private static unsafe partial int OpenDescriptor(int descriptor, byte* set, int flags);
}
