using Torchyard.Containers.Runtimes;

namespace Torchyard.Containers.Sessions;

/// <summary>
/// Keeps what a runtime prints out of what the program prints. A program that cannot be started writes nothing: the process that would have
/// become it is still the runtime's, has the program's streams, and says in its own form why it failed.
/// </summary>
/// <param name="sink">Takes what the program prints.</param>
internal sealed class RuntimeWords(ProgramSink sink)
{
    private const int LongestLine = 4096;

    private static readonly byte[] Record = [.. "{\"msg\":\"exec container process"u8];

    // What crun writes on standard error beside its log.
    private static readonly byte[][] Lines =
    [
        [.. "exec: "u8],
        [.. "exec container process"u8],
        [.. "open executable: "u8],
        [.. "executable file `"u8],
        [.. "chdir `"u8],
        [.. "chdir to `"u8],
    ];

    private readonly List<byte> _held = [];
    private bool _decided;

    /// <summary>Why the program could not be started; null when it was, or nobody said.</summary>
    public string? Message { get; private set; }

    /// <summary>Takes the next output.</summary>
    /// <returns>False when nobody wants more.</returns>
    public bool Pass(ReadOnlySpan<byte> data)
    {
        if (_decided)
        {
            return sink(data);
        }

        _held.AddRange(data);
        var held = _held.ToArray();
        var end = Array.IndexOf(held, (byte)'\n');
        var mayBeRecord = IsBeginning(held, Record);
        if (held.Length > LongestLine || (!mayBeRecord && !Lines.Any(line => IsBeginning(held, line))))
        {
            return Release();
        }

        if (mayBeRecord)
        {
            return end < 0 || Take(held, end) || Release();
        }

        // Only the end of the program tells whose line it was; a second one is the program's.
        return end < 0 || end == held.Length - 1 || Release();
    }

    /// <summary>The output is at its end.</summary>
    /// <param name="failed">True when the runtime's own log says that the program was not started.</param>
    public void End(bool failed = false)
    {
        if (!_decided && !Take([.. _held], _held.Count) && !failed)
        {
            Release();
        }
    }

    private bool Take(byte[] held, int end)
    {
        if (RuntimeLog.ErrorOf(System.Text.Encoding.UTF8.GetString(held, 0, end)) is not { } message)
        {
            return false;
        }

        Message = message;
        _held.RemoveRange(0, Math.Min(end + 1, _held.Count));
        return Release();
    }

    private bool Release()
    {
        _decided = true;
        byte[] held = [.. _held];
        _held.Clear();
        return held.Length == 0 || sink(held);
    }

    private static bool IsBeginning(byte[] held, byte[] form)
    {
        var common = Math.Min(held.Length, form.Length);
        return held.AsSpan(0, common).SequenceEqual(form.AsSpan(0, common));
    }
}
