using System.Globalization;
using System.Net;
using System.Text.Json;
using Torchyard.EndToEnd.Streams;
using Torchyard.Testing.Loopback;

namespace Torchyard.EndToEnd.Environment;

/// <summary>Services that a recipe brings itself.</summary>
[Collection(SmallContainerTests.Name)]
public sealed class OwnServiceTests(SmallContainer small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_is_ready_logged_opened_and_started_again_and_a_port_in_use_moves_and_is_told()
    {
        using var taken = LoopbackPort.Taken(out _);
        var wanted = ((IPEndPoint)taken.LocalEndpoint).Port;
        var (project, name) = Write(
            $$"""
            [services.web]
            command = "echo $$ > /workspace/pid; exec python3 -m http.server --bind ${listen} ${port}"
            port = {{wanted}}
            directory = "site"
            ready = "http:/hello.txt"
            environment = { PYTHONUNBUFFERED = "1" }
            """
        );
        Directory.CreateDirectory(Path.Combine(project, "site"));
        await File.WriteAllTextAsync(Path.Combine(project, "site/hello.txt"), "hello from the service", Cancellation);
        try
        {
            var up = (await small.Store.RunAsync(project, ["up"], Cancellation)).Succeeded();
            up.Printed($"({wanted} was in use)");

            var address = (await small.Store.RunAsync(project, ["open", "web", "--print"], Cancellation)).Succeeded().Output.Trim();
            Assert.NotEqual(wanted, new Uri(address).Port);
            using var client = new HttpClient();
            Assert.Equal("hello from the service", await client.GetStringAsync(new Uri(address + "hello.txt"), Cancellation));

            var row = JsonDocument
                .Parse((await small.Store.RunAsync(project, ["ps", "--json"], Cancellation)).Succeeded().Output)
                .RootElement.EnumerateArray()
                .Single(one => one.GetProperty("name").GetString() == name)
                .GetProperty("services")[0];
            Assert.Equal(("web", address), (row.GetProperty("name").GetString(), row.GetProperty("url").GetString()));
            Assert.Equal(wanted, row.GetProperty("wanted_port").GetInt32());

            var first = await File.ReadAllTextAsync(Path.Combine(project, "pid"), Cancellation);
            (await small.Store.RunAsync(project, ["exec", name, "bash", "-c", "kill -9 " + first.Trim()], Cancellation)).Succeeded();
            while (await File.ReadAllTextAsync(Path.Combine(project, "pid"), Cancellation) == first || !await AnswersAsync(client, address))
            {
                await Task.Delay(50, Cancellation);
            }

            (await small.Store.RunAsync(project, ["logs", name, "web"], Cancellation)).Succeeded().Printed("GET /hello.txt");
        }
        finally
        {
            await small.Store.RunAsync(project, ["down"], Cancellation);
        }
    }

    [Fact]
    public async Task A_service_that_cannot_start_is_named_and_one_that_is_done_is_no_trouble()
    {
        var (project, _) = Write("[services.once]\ncommand = [\"true\"]\nrestart = \"never\"\n[services.stay]\ncommand = \"sleep 600\"\n");
        try
        {
            (await small.Store.RunAsync(project, ["up"], Cancellation)).Succeeded();
        }
        finally
        {
            await small.Store.RunAsync(project, ["down"], Cancellation);
        }

        var (broken, _) = Write("[services]\ntensorboard = true\n[services.stay]\ncommand = \"sleep 600\"\n");
        try
        {
            var up = await small.Store.RunAsync(broken, ["up"], Cancellation);
            up.Ended(1);
            Assert.Contains("TY4102", up.Error, StringComparison.Ordinal);
            Assert.Contains("tensorboard: the image has none of", up.Error, StringComparison.Ordinal);
        }
        finally
        {
            await small.Store.RunAsync(broken, ["down"], Cancellation);
        }
    }

    [Fact]
    public async Task Beyond_loopback_a_service_asks_first_and_a_port_in_use_does_not_move()
    {
        using var taken = LoopbackPort.Taken(out _);
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var (project, _) = Write(
            string.Create(
                CultureInfo.InvariantCulture,
                $"[services.web]\ncommand = [\"python3\", \"-m\", \"http.server\", \"${{port}}\"]\nport = {port}\nlisten = \"0.0.0.0\"\n"
            )
        );

        var asked = await small.Store.RunAsync(project, ["up"], Cancellation);
        asked.Ended(2);
        Assert.Contains($"let other machines reach web on 0.0.0.0, port {port}", asked.Error, StringComparison.Ordinal);

        var refused = await small.Store.RunAsync(project, ["up", "--trust"], Cancellation);
        Assert.Contains("TY4101", refused.Error, StringComparison.Ordinal);
        await small.Store.RunAsync(project, ["down"], Cancellation);
    }

    private static async Task<bool> AnswersAsync(HttpClient client, string address)
    {
        try
        {
            return (await client.GetAsync(new Uri(address), Cancellation)).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private (string Project, string Name) Write(string services)
    {
        var project = small.NewDirectory();
        var name = Path.GetFileName(project);
        File.WriteAllText(
            Path.Combine(project, "torchyard.toml"),
            $"name = \"{name}\"\npackages = [\"bash\", \"python3\"]\n[base]\nsuite = \"trixie\"\n{services}"
        );
        return (project, name);
    }
}
