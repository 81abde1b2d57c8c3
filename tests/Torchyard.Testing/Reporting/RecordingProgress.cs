using Torchyard.Platform.Reporting;

namespace Torchyard.Testing.Reporting;

/// <summary>Keeps notes and warnings.</summary>
public sealed class RecordingProgress : IProgressSink
{
    private readonly Lock _gate = new();
    private readonly List<string> _notes = [];
    private readonly List<string> _warnings = [];

    /// <summary>The notes, in order.</summary>
    public IReadOnlyList<string> Notes => Copy(_notes);

    /// <summary>The warnings, in order.</summary>
    public IReadOnlyList<string> Warnings => Copy(_warnings);

    public IProgressTask Begin(string label, long? total = null, ProgressUnit unit = ProgressUnit.Bytes) =>
        SilentProgress.Instance.Begin(label, total, unit);

    public void Note(string text) => Add(_notes, text);

    public void Warn(string text) => Add(_warnings, text);

    // A build speaks from many threads.
    private IReadOnlyList<string> Copy(List<string> lines)
    {
        lock (_gate)
        {
            return [.. lines];
        }
    }

    private void Add(List<string> lines, string text)
    {
        lock (_gate)
        {
            lines.Add(text);
        }
    }
}
