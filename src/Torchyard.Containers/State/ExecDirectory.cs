using System.Globalization;
using System.Text.Json;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.State;

/// <summary>The files of a program that was left to itself in a container.</summary>
/// <param name="Root"><c>containers/ID/execs/NUMBER</c>, absolute.</param>
internal sealed record ExecDirectory(string Root)
{
    /// <summary>Output of the program, in the log format of Kubernetes' CRI.</summary>
    public string Log => Path.Combine(Root, "log");

    private string State => Path.Combine(Root, "exec.json");

    /// <summary>That of a container, by its number.</summary>
    public static ExecDirectory Of(ContainerDirectory container, int number) =>
        new(Path.Combine(container.Execs, number.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Those of a container, oldest first.</summary>
    public static IReadOnlyList<ExecState> All(ContainerDirectory container)
    {
        try
        {
            return
            [
                .. Directory
                    .EnumerateDirectories(container.Execs)
                    .Select(directory => new ExecDirectory(directory).Read())
                    .OfType<ExecState>()
                    .OrderBy(state => state.Number),
            ];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>How the program is; null when there is none, or its record is damaged.</summary>
    public ExecState? Read() =>
        StateJson.Exec.Read(State).Value is { } state && Path.GetFileName(Root) == state.Number.ToString(CultureInfo.InvariantCulture)
            ? state
            : null;

    /// <summary>Replaces the record; nothing happens when the container was removed meanwhile.</summary>
    public void Write(ExecState state)
    {
        var temporary = $"{State}.{Environment.ProcessId:x}.tmp";
        try
        {
            File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(state, StateJson.Default.ExecState));
            RegularFile.ClearPlace(State);
            File.Move(temporary, State, overwrite: true);
        }
        catch (Exception gone) when (gone is DirectoryNotFoundException or FileNotFoundException && !Directory.Exists(Root))
        {
            // With its container.
        }
    }
}
