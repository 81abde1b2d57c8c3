using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Terminals;

/// <summary>A program on a terminal of its own (pty(7)), as a person at a keyboard has it.</summary>
internal sealed partial class PseudoTerminal : IDisposable
{
    private const int ReadWrite = 2,
        NoControllingTerminal = 0x100,
        CloseOnExec = 0x80000;
    private const nuint SetWindowSize = 0x5414;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SafeFileHandle _keyboard;
    private readonly Process _program;
    private readonly StringBuilder _screen = new();
    private readonly SemaphoreSlim _news = new(0);
    private int _seen;

    private PseudoTerminal(SafeFileHandle keyboard, Process program)
    {
        _keyboard = keyboard;
        _program = program;
        new Thread(Watch) { IsBackground = true, Name = "screen" }.Start();
    }

    /// <summary>Everything that was shown so far.</summary>
    public string Screen
    {
        get
        {
            lock (_screen)
            {
                return _screen.ToString();
            }
        }
    }

    /// <summary>Starts the published program on a terminal.</summary>
    public static PseudoTerminal Start(TestStore store, string directory, int rows, int columns, params string[] arguments) =>
        Start(store, directory, rows, columns, new Dictionary<string, string>(), arguments);

    /// <summary>Starts the published program on a terminal, with variables of the test's own.</summary>
    public static PseudoTerminal Start(
        TestStore store,
        string directory,
        int rows,
        int columns,
        IReadOnlyDictionary<string, string> variables,
        params string[] arguments
    ) => StartProgram(directory, rows, columns, store.Variables().Concat(variables), [TestStore.Program, .. arguments]);

    /// <summary>Starts any program on a terminal.</summary>
    public static PseudoTerminal StartProgram(
        string directory,
        int rows,
        int columns,
        IEnumerable<KeyValuePair<string, string>> variables,
        params string[] command
    )
    {
        HostProgram.Require("setsid");
        var keyboard = Open(ReadWrite | NoControllingTerminal | CloseOnExec);
        Assert.False(keyboard.IsInvalid, "there is no /dev/ptmx");
        Assert.Equal(0, Grant(keyboard));
        Assert.Equal(0, Unlock(keyboard));
        var name = new byte[128];
        Assert.Equal(0, NameOf(keyboard, name, (nuint)name.Length));
        var path = Encoding.ASCII.GetString(name.AsSpan(0, Array.IndexOf(name, (byte)0)));
        Resize(keyboard, rows, columns);
        // A shell without job control has the commands that it starts with & ignore SIGINT and SIGQUIT (POSIX.1-2017, XCU 2.11), nohup has
        // its command ignore SIGHUP, and every program below inherits that, also across exec and a new session. So the tests, started that
        // way, would have neither Ctrl-C nor a hang-up; what sits at a real terminal has both.
        var start = new ProcessStartInfo(
            "env",
            [
                "--default-signal=HUP,INT,QUIT",
                "sh",
                "-c",
                "t=$1; shift; exec setsid --ctty --wait \"$0\" \"$@\" <>\"$t\" >&0 2>&0",
                command[0],
                path,
                .. command[1..],
            ]
        )
        {
            WorkingDirectory = directory,
        };
        foreach (var (variable, value) in variables)
        {
            start.Environment[variable] = value;
        }

        start.Environment["TERM"] = "xterm";
        return new PseudoTerminal(keyboard, Process.Start(start)!);
    }

    /// <summary>Changes the size of the window; the kernel tells the program with SIGWINCH.</summary>
    public void Resize(int rows, int columns) => Resize(_keyboard, rows, columns);

    /// <summary>Types keys.</summary>
    public void Type(string keys)
    {
        var bytes = Encoding.UTF8.GetBytes(keys);
        Assert.Equal(bytes.Length, Write(_keyboard, bytes, (nuint)bytes.Length));
    }

    /// <summary>Waits until a text is shown after what was waited for before.</summary>
    public async Task<string> ShowsAsync(string text, CancellationToken cancellation, TimeSpan? patience = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience ?? Patience);
        while (true)
        {
            var screen = Screen;
            var place = screen.IndexOf(text, _seen, StringComparison.Ordinal);
            if (place >= 0)
            {
                var shown = screen[_seen..place];
                _seen = place + text.Length;
                return shown;
            }

            try
            {
                await _news.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                Assert.Fail($"'{text}' was never shown; the screen has:\n{screen}");
            }
        }
    }

    /// <summary>Waits for the program's end and gives its exit status.</summary>
    public async Task<int> EndAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            await _program.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            Assert.Fail($"the program did not end; the screen has:\n{Screen}");
        }

        return _program.ExitCode;
    }

    /// <summary>Closes the window: the kernel hangs the terminal up (SIGHUP), as when a connection breaks.</summary>
    public void Close() => _keyboard.Dispose();

    public void Dispose()
    {
        if (!_program.HasExited)
        {
            _program.Kill(entireProcessTree: true);
            _program.WaitForExit();
        }

        _program.Dispose();
        _keyboard.Dispose();
        _news.Dispose();
    }

    private void Watch()
    {
        var buffer = new byte[4096];
        try
        {
            // Ends with EIO when the last program on the terminal has ended.
            while (WaitForNews() && Read(_keyboard, buffer, (nuint)buffer.Length) is var count and > 0)
            {
                lock (_screen)
                {
                    _screen.Append(Encoding.UTF8.GetString(buffer, 0, (int)count));
                }

                _news.Release();
            }
        }
        catch (ObjectDisposedException)
        {
            // The test is over.
        }
    }

    // A read that blocks would keep the handle open after Close.
    private bool WaitForNews()
    {
        const short Readable = 1;
        const int Moment = 50;
        while (true)
        {
            var isHeld = false;
            try
            {
                _keyboard.DangerousAddRef(ref isHeld);
                var entry = new PollEntry { Descriptor = (int)_keyboard.DangerousGetHandle(), Events = Readable };
                if (Poll(ref entry, 1, Moment) > 0)
                {
                    return true;
                }
            }
            finally
            {
                if (isHeld)
                {
                    _keyboard.DangerousRelease();
                }
            }
        }
    }

    private static void Resize(SafeFileHandle terminal, int rows, int columns)
    {
        var size = new Size { Rows = (ushort)rows, Columns = (ushort)columns };
        Assert.Equal(0, Control(terminal, SetWindowSize, ref size));
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Size
    {
        public ushort Rows;
        public ushort Columns;
        public ushort PixelsWide;
        public ushort PixelsHigh;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollEntry entries, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    private static partial SafeFileHandle Open(int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle terminal, byte[] buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeFileHandle terminal, byte[] buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "grantpt", SetLastError = true)]
    private static partial int Grant(SafeFileHandle terminal);

    [LibraryImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    private static partial int Unlock(SafeFileHandle terminal);

    [LibraryImport("libc", EntryPoint = "ptsname_r", SetLastError = true)]
    private static partial int NameOf(SafeFileHandle terminal, byte[] name, nuint length);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle terminal, nuint request, ref Size size);
}
