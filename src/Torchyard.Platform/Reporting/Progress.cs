namespace Torchyard.Platform.Reporting;

/// <summary>
/// Where long work says how far it is. The command layer shows it as live bars on a terminal and as plain lines elsewhere;
/// tests pass <see cref="SilentProgress"/> or record it. Thread-safe.
/// </summary>
public interface IProgressSink
{
    /// <summary>Starts a task. Dispose it when it ended; a task that is disposed without <see cref="IProgressTask.Done"/> failed.</summary>
    /// <param name="label">What is done, e.g. <c>Fetching packages</c>.</param>
    /// <param name="total">Amount of work, or null when it is not known.</param>
    /// <param name="unit">What the amount counts.</param>
    IProgressTask Begin(string label, long? total = null, ProgressUnit unit = ProgressUnit.Bytes);

    /// <summary>Tells the user something worth a line of its own.</summary>
    void Note(string text);

    /// <summary>A warning that the user cannot miss: it is repeated at the end of the command.</summary>
    void Warn(string text);
}

/// <summary>What a progress amount counts.</summary>
public enum ProgressUnit
{
    /// <summary>Bytes: shown with size, speed and time left.</summary>
    Bytes,

    /// <summary>Things, such as packages: shown as n/m.</summary>
    Items,
}

/// <summary>One task of an <see cref="IProgressSink"/>.</summary>
public interface IProgressTask : IDisposable
{
    /// <summary>Adds to what is done.</summary>
    void Advance(long amount);

    /// <summary>The task ended well; the text, if any, replaces the label's right side, e.g. <c>327 packages, 259 MB</c>.</summary>
    void Done(string? summary = null);
}

/// <summary>A sink that shows nothing.</summary>
public sealed class SilentProgress : IProgressSink, IProgressTask
{
    /// <summary>The only instance needed.</summary>
    public static readonly SilentProgress Instance = new();

    /// <inheritdoc />
    public IProgressTask Begin(string label, long? total = null, ProgressUnit unit = ProgressUnit.Bytes) => this;

    /// <inheritdoc />
    public void Note(string text) { }

    /// <inheritdoc />
    public void Warn(string text) { }

    /// <inheritdoc />
    public void Advance(long amount) { }

    /// <inheritdoc />
    public void Done(string? summary = null) { }

    /// <inheritdoc />
    public void Dispose() { }
}
