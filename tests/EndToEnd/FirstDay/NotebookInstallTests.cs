using System.Text.Json;
using Torchyard.EndToEnd.Environment;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Python;

namespace Torchyard.EndToEnd.FirstDay;

/// <summary><c>%pip install</c> in a notebook.</summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class NotebookInstallTests(RunningEnvironment environment)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_cell_installs_is_imported_by_the_next_by_exec_and_after_down_and_up()
    {
        await using var index = new TestIndex().Add(
            new TestWheel("cellmate", "2.1").Add("cellmate/__init__.py", "answer = 'of cellmate 2.1'\n"),
            "cellmate"
        );
        try
        {
            var kernel = await KernelAsync();
            await RunCellAsync(kernel, $"%pip install --index-url {index.Root.AbsoluteUri} cellmate");

            Assert.Contains(
                "of cellmate 2.1",
                await RunCellAsync(kernel, "import cellmate; print(cellmate.answer)"),
                StringComparison.Ordinal
            );
            (await environment.Store.RunAsync(environment.Project, ["down"], Cancellation)).Succeeded();
            await environment.UpAsync(Cancellation);

            (await environment.ExecAsync(Cancellation, "python3", "-c", "import cellmate; print(cellmate.answer)"))
                .Succeeded()
                .Printed("of cellmate 2.1");
            Assert.Contains(
                "of cellmate 2.1",
                await RunCellAsync(await KernelAsync(), "import cellmate; print(cellmate.answer)"),
                StringComparison.Ordinal
            );
            var panel = await environment.Store.RunAsync(environment.Project, ["up"], Cancellation);
            panel.Succeeded().Printed("cellmate").Printed("torchyard add --installed");
        }
        finally
        {
            (await environment.ExecAsync(CancellationToken.None, "pip", "uninstall", "-y", "cellmate")).Succeeded();
        }
    }

    private async Task<string> KernelAsync()
    {
        using var client = new HttpClient { BaseAddress = environment.Report.Jupyter };
        client.DefaultRequestHeaders.Add("Authorization", "token " + environment.Report.Token);
        using var started = await client.PostAsync(new Uri("/api/kernels", UriKind.Relative), new StringContent("{}"), Cancellation);
        started.EnsureSuccessStatusCode();
        using var answer = JsonDocument.Parse(await started.Content.ReadAsStringAsync(Cancellation));
        return answer.RootElement.GetProperty("id").GetString()!;
    }

    private Task<string> RunCellAsync(string kernel, string code) =>
        KernelClient.ExecuteAsync(environment.Report.Jupyter, kernel, environment.Report.Token, code, Cancellation);
}
