using System.Text.Json.Serialization.Metadata;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Reporting;

namespace Torchyard.Terminal;

/// <summary>
/// The only door to the console. Results go to standard output; progress, notes, warnings and errors to standard error.
/// Text is data: control characters in it are shown, never obeyed. Thread-safe.
/// </summary>
internal sealed class Screen : IDialogue, IDisposable
{
    private readonly ScreenStreams _streams;
    private readonly ScreenProgress _progress;

    public Screen(ScreenStreams streams, TimeProvider clock, ProgressStyle style)
    {
        _streams = streams;
        _progress = new ScreenProgress(streams, clock, style);
    }

    /// <summary>Where stages say how far they are.</summary>
    public IProgressSink Progress => _progress;

    /// <summary>Standard output is a terminal.</summary>
    public bool OutputIsTerminal => _streams.OutputIsTerminal;

    /// <summary>Colours may be used on standard output.</summary>
    public bool OutputHasColours => _streams is { Colours: true, OutputIsTerminal: true };

    /// <summary>Columns for text that is broken into lines.</summary>
    public int Width => _streams.OutputIsTerminal ? Math.Max(30, _streams.Width()) : ScreenStreams.DefaultWidth;

    /// <summary>Standard output itself, for bytes of the user's own that pass through, such as logs.</summary>
    public TextWriter Output => _streams.Output;

    internal ScreenStreams Streams => _streams;

    /// <summary>Somebody is there to answer a question.</summary>
    public bool CanAsk => _streams.Input is not null;

    /// <summary>Asks a question on standard error.</summary>
    /// <param name="question">Ends with the answers: <c>[y/N] </c>.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>True for y and yes; everything else, and the end of the input, is no.</returns>
    public async Task<bool> AskAsync(string question, CancellationToken cancellation)
    {
        if (!CanAsk)
        {
            throw new InvalidOperationException("nobody is there to ask");
        }

        return (await AskTextAsync(question, cancellation))?.Trim().ToLowerInvariant() is "y" or "yes";
    }

    /// <summary>Asks for a line of text on standard error; null where nobody is there, or nothing is said.</summary>
    /// <param name="question">What is asked.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public async Task<string?> AskTextAsync(string question, CancellationToken cancellation)
    {
        if (_streams.Input is not { } input)
        {
            return null;
        }

        _progress.Aside(() =>
        {
            _streams.Error.Write(PlainText.Clean(question));
            _streams.Error.Flush();
        });
        // A read of a terminal cannot be interrupted; it is left behind when the program ends.
        return await Task.Run(input.ReadLine, CancellationToken.None).WaitAsync(cancellation) is { Length: > 0 } text ? text : null;
    }

    /// <summary>The same for a secret, which the terminal does not show.</summary>
    public async Task<string?> AskHiddenAsync(string question, CancellationToken cancellation)
    {
        string? answer;
        using (_streams.HideInput())
        {
            answer = await AskTextAsync(question, cancellation);
        }

        if (CanAsk)
        {
            // The line end that was typed was not shown either.
            _progress.Aside(_streams.Error.WriteLine);
        }

        return answer;
    }

    /// <summary>Standard input as text, to its end or a little beyond the most that anybody would take.</summary>
    /// <param name="most">Most bytes that are a right answer.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public async Task<string> ReadPipedAsync(int most, CancellationToken cancellation)
    {
        await using var input = _streams.Piped();
        var content = new byte[most + 1];
        // A read of a pipe cannot be interrupted; it is left behind when the program ends.
        var length = await Task.Run(() => input.ReadAtLeast(content, content.Length, throwOnEndOfStream: false), CancellationToken.None)
            .WaitAsync(cancellation);
        return System.Text.Encoding.UTF8.GetString(content, 0, length);
    }

    /// <summary>A line of a result.</summary>
    public void Line(string text = "") => _progress.Aside(() => _streams.Output.WriteLine(PlainText.Clean(text)));

    /// <summary>A heading of a result.</summary>
    public void Heading(string text) =>
        _progress.Aside(() => _streams.Output.WriteLine(Style.Bold.Apply(PlainText.Clean(text) + ":", OutputHasColours)));

    /// <summary>A line for people beside the result: standard error.</summary>
    public void ErrorLine(string text = "") => _progress.Aside(() => _streams.Error.WriteLine(PlainText.Clean(text)));

    /// <inheritdoc />
    void IDialogue.Say(string text) => ErrorLine(text);

    /// <inheritdoc />
    void IDialogue.StepAside() => CloseProgress();

    /// <summary>A line on standard error, its first part in a style.</summary>
    public void ErrorLine(Style style, string start, string rest) =>
        _progress.Aside(() =>
            _streams.Error.WriteLine(
                style.Apply(PlainText.Clean(start), _streams is { Colours: true, ErrorIsTerminal: true }) + PlainText.Clean(rest)
            )
        );

    /// <summary>A result for programs: one indented JSON document on standard output.</summary>
    public void Json<T>(T value, JsonTypeInfo<T> type)
    {
        var text = JsonText.Of(value, type, indented: true);
        _progress.Aside(() => _streams.Output.WriteLine(text));
    }

    /// <summary>A table. Columns that do not fit are cut on a terminal and never elsewhere.</summary>
    public void Table(IReadOnlyList<Column> columns, IReadOnlyList<IReadOnlyList<string>> rows) =>
        _progress.Aside(() => TextTable.Write(columns, rows, _streams));

    /// <summary>A framed panel of labels and values, such as how to get into an environment.</summary>
    public void Panel(string title, IReadOnlyList<PanelRow> rows) => _progress.Aside(() => TextPanel.Write(title, rows, _streams));

    /// <summary>Removes live bars and repeats the warnings; called at the end of a command and before an error is shown.</summary>
    public void CloseProgress() => _progress.Close();

    /// <inheritdoc />
    public void Dispose()
    {
        _progress.Dispose();
        _streams.Output.Flush();
        _streams.Error.Flush();
    }
}
