"""The page that shows the routes, with nothing from other hosts."""

from importlib.resources import files

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, Response

RESOURCES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}


def add_api_page(app: FastAPI) -> None:
    """Serve Swagger UI at `/docs` from the files that the package `fastapi-swagger` carries."""

    @app.get("/docs", include_in_schema=False)
    async def page() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=f"{app.title} API",
            swagger_js_url="/docs/swagger-ui-bundle.js",
            swagger_css_url="/docs/swagger-ui.css",
            swagger_favicon_url="/docs/favicon-32x32.png",
        )

    @app.get("/docs/{name}", include_in_schema=False)
    async def resource(name: str) -> Response:
        if name not in RESOURCES:
            return Response(status_code=404)
        content = (files("fastapi_swagger") / "resources" / name).read_bytes()
        return Response(content, media_type=RESOURCES[name])
