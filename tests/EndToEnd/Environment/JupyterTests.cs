using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Environment;

[Collection(RunningEnvironmentTests.Name)]
public sealed class JupyterTests(RunningEnvironment environment)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/api/contents")]
    [InlineData("/api/kernels")]
    [InlineData("/api/status")]
    public async Task Refuses_who_has_no_token(string path)
    {
        using var client = new HttpClient { BaseAddress = environment.Report.Jupyter };

        using var without = await client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "token",
            new string('0', environment.Report.Token.Length)
        );
        using var wrong = await client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);

        Assert.Equal(HttpStatusCode.Forbidden, without.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, wrong.StatusCode);
    }

    [Fact]
    public async Task The_token_is_in_no_process_list_and_in_no_log()
    {
        var token = environment.Report.Token;
        using (var client = AuthorizedClient())
        {
            (await client.GetAsync(new Uri("/api/status", UriKind.Relative), Cancellation)).EnsureSuccessStatusCode().Dispose();
        }

        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                Assert.DoesNotContain(token, CommandLineOf(process.Id), StringComparison.Ordinal);
            }
        }

        foreach (var service in new string[][] { [], ["jupyter"], ["ssh"] })
        {
            var logs = await environment.Store.RunAsync(environment.Project, ["logs", environment.Report.Name, .. service], Cancellation);
            Assert.DoesNotContain(token, logs.Transcript, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_kernel_runs_a_cell_that_uses_PyTorch()
    {
        using var client = AuthorizedClient();
        using var started = await client.PostAsJsonAsync(new Uri("/api/kernels", UriKind.Relative), new { name = "python3" }, Cancellation);
        var body = await started.Content.ReadAsStringAsync(Cancellation);
        Assert.True(started.IsSuccessStatusCode, body);
        var kernel = JsonDocument.Parse(body).RootElement.GetProperty("id").GetString()!;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            limit.CancelAfter(TimeSpan.FromMinutes(1));

            var printed = await KernelClient.ExecuteAsync(
                environment.Report.Jupyter,
                kernel,
                environment.Report.Token,
                "import torch\nprint('sum', int(torch.arange(101).sum()))",
                limit.Token
            );

            Assert.Equal("sum 5050\n", printed);
        }
        finally
        {
            (await client.DeleteAsync(new Uri($"/api/kernels/{kernel}", UriKind.Relative), CancellationToken.None)).Dispose();
        }
    }

    [Fact]
    public async Task Its_page_shows_the_files_of_the_project_in_a_browser()
    {
        var profile = environment.Store.NewProject("chromium");
        var page = await HostProgram.RunAsync(
            HostProgram.Require("chromium"),
            [
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                $"--user-data-dir={profile}",
                "--virtual-time-budget=20000",
                "--dump-dom",
                environment.Report.Text("jupyter"),
            ],
            Cancellation,
            patience: TimeSpan.FromMinutes(2)
        );

        page.Succeeded().Printed("train.py").Printed("torchyard.toml");
    }

    private HttpClient AuthorizedClient()
    {
        var client = new HttpClient { BaseAddress = environment.Report.Jupyter };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("token", environment.Report.Token);
        return client;
    }

    private static string CommandLineOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
