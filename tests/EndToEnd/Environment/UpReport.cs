using System.Text.Json;

namespace Torchyard.EndToEnd.Environment;

/// <summary>The answer of <c>up --json</c>, read as a program of a user would.</summary>
internal sealed record UpReport(JsonElement Json)
{
    public string Name => Text("name");

    public string Image => Text("image");

    public bool AlreadyRunning => Json.GetProperty("already_running").GetBoolean();

    /// <summary>Where Jupyter is, without the token.</summary>
    public Uri Jupyter => new(new Uri(Text("jupyter")), "/");

    public string Token => new Uri(Text("jupyter")).Query.Split("token=")[1];

    /// <summary>The words of the ssh command.</summary>
    public string[] Ssh => Text("ssh").Split(' ');

    public string SshPort => Ssh[Array.IndexOf(Ssh, "-p") + 1];

    public string SshKey => Ssh[Array.IndexOf(Ssh, "-i") + 1];

    public static UpReport Read(string json) => new(JsonDocument.Parse(json).RootElement);

    public string Text(string name) => Json.GetProperty(name).GetString()!;
}
